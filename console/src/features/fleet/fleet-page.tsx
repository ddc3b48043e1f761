import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDeviceCctv, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { devicesQuery, statsQuery, statusQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Device } from '../../api/types.js';
import { integer } from '../../ui/format.js';
import { Blank, Figure, Figures, Loaded, Loading, Page, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { AddDeviceDialog } from './add-device-dialog.js';
import { AddListDialog } from './bulk/add-list-dialog.js';
import { DeviceCard } from './device-card.js';
import { DeviceDrawer } from './device-drawer.js';
import classes from './fleet.module.css';
import { healthOf } from './health.js';

const route = getRouteApi('/shell/');
const urgency = { bad: 0, warn: 1, busy: 2, ok: 3, idle: 4 } as const;

const byUrgency = (a: Device, b: Device): number =>
  urgency[healthOf(a).tone] - urgency[healthOf(b).tone] ||
  a.name.localeCompare(b.name, 'en', { numeric: true });

export function FleetPage() {
  const { device: openDevice } = route.useSearch();
  const navigate = route.useNavigate();
  const devices = useQuery(devicesQuery);
  const admin = useMay('admin');
  const [adding, add] = useDisclosure(false);
  const [addingList, addList] = useDisclosure(false);
  const addButton = admin ? (
    <Group gap={10}>
      <Button variant="default" size="md" onClick={addList.open} data-testid="add-device-list">
        Add a list
      </Button>
      <Button size="md" leftSection={<IconPlus size={18} />} onClick={add.open} data-testid="add-device">
        Add a device
      </Button>
    </Group>
  ) : null;

  return (
    <Page title="Fleet" actions={addButton}>
      <Summary />
      <Loaded query={devices} skeleton={<Loading rows={2} height={280} />}>
        {(items) =>
          items.length === 0 ? (
            <Panel>
              <Blank icon={IconDeviceCctv} title="No devices yet" action={addButton}>
                A device appears here as soon as its agent has enrolled. Create a claim token, put it into the
                agent’s configuration, and start the agent.
              </Blank>
            </Panel>
          ) : (
            <div className={classes.grid}>
              {items.toSorted(byUrgency).map((device) => (
                <DeviceCard
                  key={device.id}
                  device={device}
                  onOpen={() => void navigate({ search: { device: device.id } })}
                />
              ))}
            </div>
          )
        }
      </Loaded>
      <DeviceDrawer deviceId={openDevice ?? null} onClose={() => void navigate({ search: {} })} />
      <AddDeviceDialog opened={adding} onClose={add.close} />
      <AddListDialog opened={addingList} onClose={addList.close} />
    </Page>
  );
}

function Summary() {
  const status = useQuery(statusQuery).data;
  const stats = useQuery(statsQuery).data;
  const operator = useMay('operator');
  return (
    <Figures>
      <Figure label="Online" value={status ? `${status.devicesOnline} of ${status.devices}` : '–'} />
      <Figure
        label="Alarms"
        value={
          status ? (
            <span data-alarms={status.alarms > 0 ? '' : undefined}>{integer(status.alarms)}</span>
          ) : (
            '–'
          )
        }
        testId="fleet-alarms"
      />
      <Figure label="Frames stored" value={status ? integer(status.frames) : '–'} />
      <Figure label="Labelled" value={status ? integer(status.labelled) : '–'} />
      <Figure
        label="To review"
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
      <Figure label="Champion" value={status ? (status.champion ?? 'None') : '–'} />
    </Figures>
  );
}
