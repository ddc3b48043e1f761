import { useQuery } from '@tanstack/react-query';
import { deviceEventsQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { Loaded, Loading } from '../../ui/page.js';
import { said } from '../../ui/said.js';
import { Lamp, type Tone } from '../../ui/signal.js';
import classes from '../fleet/fleet.module.css';

const severityTones: Record<string, Tone> = { info: 'idle', warning: 'warn', error: 'bad' };

/** What the device told of, newest first. */
export function EventsList({ deviceId }: { deviceId: string }) {
  const events = useQuery(deviceEventsQuery(deviceId));
  return (
    <Loaded query={events} skeleton={<Loading rows={3} height={36} />}>
      {(items) =>
        items.length === 0 ? (
          <p>{t('Nothing has happened on this device.')}</p>
        ) : (
          <ul className={classes.events}>
            {items.map((event) => (
              <li key={event.id}>
                <Lamp tone={severityTones[event.severity] ?? 'idle'} label={event.severity} />
                <p>
                  {said(event.message)} <code>{event.code}</code>
                </p>
                <Ago at={event.at} />
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}
