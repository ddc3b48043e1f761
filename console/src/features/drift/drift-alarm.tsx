import { Button, Menu } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { client, unwrap } from '../../api/client.js';
import { classNamesQuery, keys } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Drift } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { integer, percent } from '../../ui/format.js';
import { notifyDone, notifyFailed } from '../../ui/notify.js';
import pageClasses from '../../ui/page.module.css';
import { said } from '../../ui/said.js';
import { Note } from '../../ui/signal.js';
import classes from './drift.module.css';

type Alarm = NonNullable<Drift['alarm']>;
type Cause = NonNullable<Drift['settled']>['cause'];

const causes: Record<Cause, string> = phrases({
  lens: 'Lens cleaned',
  camera: 'Camera put back',
  light: 'Light set right',
  product: 'Another product: this is usual now',
  tampering: 'Tampering',
  chance: 'Nothing found',
});
const mostClasses = 6;
const mostPictures = 8;

/** What changed, from what to what, the frames that show it, and what can be done. */
export function DriftAlarm({ drift, alarm }: { drift: Drift; alarm: Alarm }) {
  const where = drift.deviceName ?? drift.deviceId ?? t('All devices together');
  return (
    <section className={classes.column} data-testid={`drift-alarm-${drift.deviceId ?? 'fleet'}`}>
      <Note tone="warn" code="drifted">
        <b>{where}</b>: {said(alarm.message)}.{' '}
        <span className={pageClasses.dim}>
          {t('since')} <Ago at={alarm.since} />
        </span>
      </Note>
      <Evidence alarm={alarm} />
      <Pictures frameIds={alarm.frameIds} />
      <Actions drift={drift} where={where} />
    </section>
  );
}

function Evidence({ alarm: { before, after, classId } }: { alarm: Alarm }) {
  const names = useQuery(classNamesQuery).data ?? new Map<string, string>();
  const moved = (id: string) => Math.abs((after.classShares[id] ?? 0) - (before.classShares[id] ?? 0));
  const ids = [...new Set([...Object.keys(before.classShares), ...Object.keys(after.classShares)])]
    .toSorted((a, b) => Number(b === classId) - Number(a === classId) || moved(b) - moved(a))
    .slice(0, mostClasses);
  const share = (value: number | null | undefined) => (value == null ? '–' : percent(value, 1));
  const rows: [string, string, string][] = [
    [t('Frames of the random sample'), integer(before.frames), integer(after.frames)],
    [t('Mean confidence'), share(before.confidence), share(after.confidence)],
    ...(after.novelShare === null
      ? []
      : ([[t('Unlike what the model learnt from'), share(before.novelShare), share(after.novelShare)]] as [
          string,
          string,
          string,
        ][])),
    ...ids.map((id): [string, string, string] => [
      t('Decided: {{get}}', { get: names.get(id) ?? id }),
      share(before.classShares[id] ?? 0),
      share(after.classShares[id] ?? 0),
    ]),
  ];
  return (
    <div className={classes.scroll}>
      <table className={pageClasses.table}>
        <thead>
          <tr>
            <th scope="col" aria-label={t('Figure')} />
            <th scope="col" className={pageClasses.num}>
              {t('Usual')}
            </th>
            <th scope="col" className={pageClasses.num}>
              {t('Since the change')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([label, usual, now]) => (
            <tr key={label}>
              <td>{label}</td>
              <td className={pageClasses.num}>{usual}</td>
              <td className={pageClasses.num}>{now}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Pictures = ({ frameIds }: { frameIds: string[] }) => (
  <ul className={classes.pictures} aria-label={t('Newest frames since the change')}>
    {frameIds.slice(-mostPictures).map((frameId) => (
      <li key={frameId}>
        <Link to="/frames/$frameId" params={{ frameId }}>
          <img
            src={`/api/v1/frames/${frameId}/image?width=240`}
            alt={t('Frame {{frameId}}', { frameId })}
            loading="lazy"
          />
        </Link>
      </li>
    ))}
  </ul>
);

function Actions({ drift, where }: { drift: Drift; where: string }) {
  const operator = useMay('operator');
  const engineer = useMay('engineer');
  const queryClient = useQueryClient();
  const { modelVersionId, deviceId } = drift;
  const settle = useMutation({
    mutationFn: (cause: Cause) =>
      unwrap(client.POST('/api/v1/drift/settle', { body: { modelVersionId, deviceId, cause } })),
    onSuccess: async () => {
      for (const queryKey of [keys.drift, keys.devices, keys.status]) {
        await queryClient.invalidateQueries({ queryKey });
      }
      notifyDone(t('{{where}}: what is usual is learnt anew.', { where }));
    },
    onError: (error) => notifyFailed(t('The alarm was not settled'), error),
  });
  if (!operator) return null;
  return (
    <div className={classes.actions}>
      <Button variant="default" size="md" component={Link} to="/review" data-testid="drift-queue">
        {t('Label in the queue')}
      </Button>
      {engineer ? (
        <Button variant="default" size="md" component={Link} to="/training" data-testid="drift-train">
          {t('Train again')}
        </Button>
      ) : null}
      <Menu position="bottom-start">
        <Menu.Target>
          <Button size="md" loading={settle.isPending} data-testid="drift-settle">
            {t('Settle')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {(Object.keys(causes) as Cause[]).map((cause) => (
            <Menu.Item key={cause} onClick={() => settle.mutate(cause)} data-testid={`settle-${cause}`}>
              {t(causes[cause])}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
