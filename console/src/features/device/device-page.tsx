import { Tabs } from '@mantine/core';
import { IconDeviceCctv } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { toApiError } from '../../api/errors.js';
import { deviceQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { Ago } from '../../ui/clock.js';
import { moment } from '../../ui/format.js';
import { Blank, Failed, Loading, Page, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { Note, Tag } from '../../ui/signal.js';
import { DeviceDrift } from '../drift/drift-panel.js';
import { RunningModel } from '../fleet/device-card.js';
import { QuarantineDecision } from '../fleet/device-decisions.js';
import { healthOf, updateOf } from '../fleet/health.js';
import { BenchmarkPanel } from './benchmark-panel.js';
import { Cameras } from './cameras.js';
import { ChallengerPanel } from './challenger-panel.js';
import classes from './device.module.css';
import { EventsList } from './events-list.js';
import { Facts } from './facts.js';
import { Labels } from './labels.js';
import { LogTab } from './log-tab.js';
import { SettingsTab } from './settings-tab.js';
import { type DeviceTab, deviceTabs, tabLabels } from './tabs.js';
import { VariantLine } from './variant-line.js';

const route = getRouteApi('/shell/fleet/$deviceId');

/** Everything about one device: is it well, what does it see, how fast is it, and what it should do. */
export function DevicePage() {
  const { deviceId } = route.useParams();
  const { tab = 'overview' } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(deviceQuery(deviceId));
  const engineer = useMay('engineer');
  const device = query.data;
  const shown = deviceTabs.filter((each) => engineer || each !== 'logs');
  return (
    <Page
      title={device?.name ?? t('Device')}
      sub={
        <Link to="/" className={pageClasses.link}>
          {t('All devices')}
        </Link>
      }
    >
      {device ? (
        <>
          <Head device={device} />
          <Tabs
            value={tab}
            keepMounted={false}
            onChange={(value) =>
              void navigate({ search: value && value !== 'overview' ? { tab: value as DeviceTab } : {} })
            }
          >
            <Tabs.List className={classes.tabs ?? ''}>
              {shown.map((each) => (
                <Tabs.Tab key={each} value={each} data-testid={`tab-${each}`}>
                  {t(tabLabels[each])}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            <Tabs.Panel value="overview" className={classes.tab ?? ''}>
              <Cameras device={device} />
              <DeviceDrift device={device} />
              <Facts device={device} />
            </Tabs.Panel>
            <Tabs.Panel value="settings" className={classes.tab ?? ''}>
              <SettingsTab device={device} />
            </Tabs.Panel>
            <Tabs.Panel value="models" className={classes.tab ?? ''}>
              <ChallengerPanel device={device} />
              <BenchmarkPanel device={device} />
            </Tabs.Panel>
            <Tabs.Panel value="logs" className={classes.tab ?? ''}>
              <LogTab device={device} />
            </Tabs.Panel>
            <Tabs.Panel value="events" className={classes.tab ?? ''}>
              <Panel>
                <EventsList deviceId={device.id} />
              </Panel>
            </Tabs.Panel>
          </Tabs>
        </>
      ) : query.error ? (
        <Missing error={query.error} retry={() => void query.refetch()} />
      ) : (
        <Loading rows={3} height={160} />
      )}
    </Page>
  );
}

type Hold = NonNullable<NonNullable<Device['reported']>['hold']>;

function HeldNote({ hold }: { hold: Hold }) {
  return (
    <Note tone="warn">
      {t('The plant holds updates since {{since}}, until {{until}} at the latest{{reason}}', {
        since: moment(hold.since),
        until: moment(hold.until),
        reason: hold.reason ? `: ${hold.reason}` : '.',
      })}
    </Note>
  );
}

function Missing({ error, retry }: { error: unknown; retry: () => void }) {
  if (toApiError(error).code !== 'device_unknown') return <Failed error={error} retry={retry} />;
  return (
    <Panel>
      <Blank icon={IconDeviceCctv} title={t('There is no such device')}>
        {t('It may have been enrolled again under another id.')}
      </Blank>
    </Panel>
  );
}

function Head({ device }: { device: Device }) {
  const { tone, word, complaints } = healthOf(device);
  const update = updateOf(device);
  const { reported } = device;
  return (
    <>
      <div className={classes.head}>
        <Tag tone={tone} testId="device-health">
          {word}
        </Tag>
        {device.lastSeenAt && !device.online ? <Ago at={device.lastSeenAt} /> : null}
        <span>
          {t('Model')}{' '}
          <b>
            <RunningModel device={device} />
          </b>
        </span>
        {reported ? (
          <>
            {reported.model ? (
              <>
                <VariantLine variant={reported.model.variant} trial={reported.model.trial} />
                <span>
                  <Trans
                    i18nKey={'on <b>{{actual}}</b>'}
                    values={{ actual: reported.backend.actual }}
                    components={{ b: <b /> }}
                  />
                </span>
              </>
            ) : null}
            <span>
              <b>{reported.hardware.model}</b> ({reported.hardware.arch})
            </span>
            <span>
              <Trans
                i18nKey={'Agent <b>{{agentVersion}}</b>'}
                values={{ agentVersion: reported.agentVersion }}
                components={{ b: <b /> }}
              />
            </span>
          </>
        ) : null}
        <Labels device={device} />
        <code className={pageClasses.mono}>{device.id}</code>
      </div>
      {update || reported?.hold || complaints.length > 0 ? (
        <div className={classes.notes} data-testid="device-alarms">
          {update ? <Note tone="busy">{update}</Note> : null}
          {reported?.hold ? <HeldNote hold={reported.hold} /> : null}
          {complaints.map((complaint) => (
            <Note key={complaint.text} tone={complaint.tone} code={complaint.code ?? null}>
              {complaint.text}
              {complaint.since ? (
                <>
                  {' '}
                  <span className={pageClasses.dim}>
                    {t('since')} <Ago at={complaint.since} />
                  </span>
                </>
              ) : null}
            </Note>
          ))}
          <QuarantineDecision device={device} />
        </div>
      ) : null}
    </>
  );
}
