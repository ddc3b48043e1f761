import { useQuery } from '@tanstack/react-query';
import { driftQuery } from '../../api/queries.js';
import type { Device, Drift, ModelVersion } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import { Tag } from '../../ui/signal.js';
import classes from './drift.module.css';
import { DriftAlarm } from './drift-alarm.js';

/** Whether one device sees what it used to see with the model it runs. */
export function DeviceDrift({ device }: { device: Device }) {
  const items = useQuery(driftQuery).data;
  const drift = items?.find((each) => each.deviceId === device.id && each.running);
  if (!items) return null;
  return (
    <Panel title={t('What it sees')}>
      <div className={classes.column} data-testid="device-drift">
        {drift ? (
          <One drift={drift} />
        ) : (
          <p className={classes.lead}>
            {t(
              'The random sample of all frames shows when a device no longer sees what it used to see. So far no such frame has come from the model that runs here.',
            )}
          </p>
        )}
      </div>
    </Panel>
  );
}

/** The same for all devices of a model, and for them together. */
export function ModelDrift({ model }: { model: ModelVersion }) {
  const mine = (useQuery(driftQuery).data ?? []).filter(
    (each) => each.modelVersionId === model.id && each.running,
  );
  const devices = mine.filter(({ deviceId }) => deviceId !== null);
  if (devices.length === 0) return null;
  // Of one device the fleet says the same again.
  const shown = devices.length === 1 ? devices : mine;
  const drifted = shown.filter(({ alarm }) => alarm !== null);
  const learning = devices.filter(({ state }) => state === 'learning').length;
  const rest = devices.length - devices.filter(({ alarm }) => alarm !== null).length - learning;
  return (
    <div className={classes.column} data-testid={`drift-${model.id}`}>
      {drifted.map((drift) => (
        <One key={drift.deviceId ?? ''} drift={drift} />
      ))}
      {rest + learning === 0 ? null : (
        <p className={classes.lead}>
          {t('What cameras see is {{state}}.', {
            state: [
              ...(rest > 0 ? [t('as usual on {{count, number}} devices', { count: rest })] : []),
              ...(learning > 0
                ? [t('not known well enough yet on {{count, number}} devices', { count: learning })]
                : []),
            ].join(t(' and ')),
          })}
        </p>
      )}
    </div>
  );
}

function One({ drift }: { drift: Drift }) {
  if (drift.alarm) return <DriftAlarm drift={drift} alarm={drift.alarm} />;
  const { frames } = drift.usual;
  return (
    <div className={classes.head}>
      {drift.state === 'learning' ? (
        <Tag tone="busy">{t('Learning what is usual')}</Tag>
      ) : (
        <Tag tone="ok">{t('As usual')}</Tag>
      )}
      <span>
        {drift.state === 'learning'
          ? t('{{frames}} of {{framesNeeded}} frames of the random sample', {
              frames: integer(frames),
              framesNeeded: integer(drift.framesNeeded),
            })
          : t('over {{count, number}} frames of the random sample', { count: frames })}
      </span>
    </div>
  );
}
