import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDeviceCctv, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { lazy, Suspense, useMemo } from 'react';
import { devicesQuery, statsQuery, statusQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import { NothingFound } from '../../ui/nothing-found.js';
import { Blank, Figure, Figures, Loaded, Loading, Page, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { AddDeviceDialog } from './add-device-dialog.js';
import { AddListDialog } from './bulk/add-list-dialog.js';
import { DeviceDrawer } from './device-drawer.js';
import { FleetBar } from './fleet-bar.js';
import { FleetCards } from './fleet-cards.js';
import { type FleetSearch, fewDevices, readFleetSearch } from './search.js';
import { found, ordered, sitesOf } from './view.js';

const route = getRouteApi('/shell/');
/** Not part of the first page: most fleets are cards. */
const FleetTable = lazy(async () => ({ default: (await import('./fleet-table.js')).FleetTable }));

export function FleetPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const go: Go = (change, replace = true) =>
    void navigate({ search: (now) => readFleetSearch({ ...now, ...change }), replace, resetScroll: false });
  const devices = useQuery(devicesQuery);
  const admin = useMay('admin');
  const [adding, add] = useDisclosure(false);
  const [addingList, addList] = useDisclosure(false);
  const addButton = admin ? (
    <Group gap={10}>
      <Button variant="default" size="md" onClick={addList.open} data-testid="add-device-list">
        {t('Add a list')}
      </Button>
      <Button size="md" leftSection={<IconPlus size={18} />} onClick={add.open} data-testid="add-device">
        {t('Add a device')}
      </Button>
    </Group>
  ) : null;

  return (
    <Page title={t('Fleet')} actions={addButton}>
      <Summary />
      <Loaded query={devices} skeleton={<Loading rows={2} height={280} />}>
        {(items) =>
          items.length === 0 ? (
            <Panel>
              <Blank icon={IconDeviceCctv} title={t('No devices yet')} action={addButton}>
                {t(
                  'A device appears here as soon as its agent has enrolled. Create a claim token, put it into the agent’s configuration, and start the agent.',
                )}
              </Blank>
            </Panel>
          ) : (
            <Devices devices={items} search={search} go={go} />
          )
        }
      </Loaded>
      <DeviceDrawer deviceId={search.device ?? null} onClose={() => go({ device: undefined }, false)} />
      <AddDeviceDialog opened={adding} onClose={add.close} />
      <AddListDialog opened={addingList} onClose={addList.close} />
    </Page>
  );
}

type Go = (change: { [K in keyof FleetSearch]?: FleetSearch[K] | undefined }, replace?: boolean) => void;

function Devices({ devices, search, go }: { devices: Device[]; search: FleetSearch; go: Go }) {
  const { q, site } = search;
  const those = useMemo(() => found(devices, q, site), [devices, q, site]);
  const shown = ordered(those, search);
  const view = search.view ?? (devices.length > fewDevices ? 'table' : 'cards');
  const open = (device: string) => go({ device }, false);
  return (
    <>
      <FleetBar search={search} view={view} sites={sitesOf(devices)} found={those} change={go} />
      {shown.length === 0 ? (
        <NothingFound
          title={t('No such device')}
          showAll={() => go({ q: undefined, site: undefined, health: undefined })}
        >
          {t('None of the {{devices}} devices matches.', { devices: integer(devices.length) })}
        </NothingFound>
      ) : view === 'table' ? (
        <Suspense fallback={<Loading rows={6} height={52} />}>
          <FleetTable
            devices={shown}
            search={search}
            sort={(sort, descending) => go({ sort, descending: descending || undefined })}
            open={open}
          />
        </Suspense>
      ) : (
        <FleetCards devices={shown} open={open} />
      )}
    </>
  );
}

function Summary() {
  const status = useQuery(statusQuery).data;
  const stats = useQuery(statsQuery).data;
  const operator = useMay('operator');
  return (
    <Figures>
      <Figure
        label={t('Online')}
        value={
          status
            ? t('{{online}} of {{devices}}', {
                online: integer(status.devicesOnline),
                devices: integer(status.devices),
              })
            : '–'
        }
      />
      <Figure
        label={t('Alarms')}
        value={
          status ? (
            <span data-alarms={status.alarms > 0 ? '' : undefined}>{integer(status.alarms)}</span>
          ) : (
            '–'
          )
        }
        testId="fleet-alarms"
      />
      <Figure label={t('Frames stored')} value={status ? integer(status.frames) : '–'} />
      <Figure label={t('Labelled')} value={status ? integer(status.labelled) : '–'} />
      <Figure
        label={t('To review')}
        value={
          stats && operator && stats.queued > 0 ? (
            <Link to="/review" className={pageClasses.link}>
              {integer(stats.queued)}
            </Link>
          ) : stats ? (
            integer(stats.queued)
          ) : (
            '–'
          )
        }
      />
      <Figure label={t('Champion')} value={status ? (status.champion ?? t('None')) : '–'} />
    </Figures>
  );
}
