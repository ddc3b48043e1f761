import { Button } from '@mantine/core';
import { useState } from 'react';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import { DeviceCard } from './device-card.js';
import classes from './fleet.module.css';
import type { Seen } from './view.js';

const perStep = 48;

/** The fleet with its last pictures, so many at a time. */
export function FleetCards({ devices, open }: { devices: readonly Seen[]; open: (id: string) => void }) {
  const [shown, setShown] = useState(perStep);
  const left = devices.length - shown;
  return (
    <>
      <div className={classes.grid}>
        {devices.slice(0, shown).map(({ device, health }) => (
          <DeviceCard key={device.id} device={device} health={health} onOpen={() => open(device.id)} />
        ))}
      </div>
      {left > 0 ? (
        <Button variant="default" size="md" onClick={() => setShown(shown + perStep)} mx="auto">
          {t('Show more ({{left}} left)', { left: integer(left) })}
        </Button>
      ) : null}
    </>
  );
}
