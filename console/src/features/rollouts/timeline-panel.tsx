import { Button, Select, VisuallyHidden } from '@mantine/core';
import { useState } from 'react';
import type { Rollout, RolloutEvent } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { formatTag } from '../../i18n/language.js';
import { Trans } from '../../i18n/trans.js';
import { useNow } from '../../ui/clock.js';
import { duration } from '../../ui/format.js';
import pageClasses from '../../ui/page.module.css';
import { said } from '../../ui/said.js';
import { zone as shownZone } from '../../ui/zone.js';
import { type Lane, lanes, told, zonesOf } from './timeline.js';
import styles from './timeline.module.css';

const shownAtFirst = 6;
const restShare = 0.12;

const clockIn = (timeZone: string, withSeconds: boolean) =>
  new Intl.DateTimeFormat(formatTag(), {
    timeZone,
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    ...(withSeconds ? { second: '2-digit' } : {}),
  });
const dayIn = (timeZone: string) =>
  new Intl.DateTimeFormat(formatTag(), { timeZone, weekday: 'short', day: 'numeric', month: 'short' });

interface Props {
  rollout: Rollout;
  events: RolloutEvent[];
  /** Of its sites. */
  timeZones: string[];
}

/** What happened to the rollout and its groups: as bars over time, and as a list with who and why. */
export function TimelinePanel({ rollout, events, timeZones }: Props) {
  const zones = zonesOf(rollout, timeZones, shownZone());
  const [chosen, setChosen] = useState<string | null>(null);
  const zone = chosen && zones.includes(chosen) ? chosen : (zones[0] ?? shownZone());
  if (events.length === 0) return null;
  return (
    <section className={pageClasses.panel} data-testid="rollout-timeline" aria-labelledby="timeline-title">
      <header className={styles.head}>
        <h2 id="timeline-title">{t('Timeline')}</h2>
        {zones.length > 1 ? (
          <Select
            aria-label={t('Time zone')}
            size="sm"
            data={zones}
            value={zone}
            allowDeselect={false}
            onChange={setChosen}
          />
        ) : (
          <span>{t('Times in {{zone}}', { zone })}</span>
        )}
      </header>
      <Lanes lanes={lanes(events, rollout)} zone={zone} moves={rollout.state === 'running'} />
      <Events rollout={rollout} events={events} zone={zone} />
    </section>
  );
}

/** The same as the list, for the eye. */
function Lanes({ lanes, zone, moves }: { lanes: Lane[]; zone: string; moves: boolean }) {
  const now = useNow();
  const starts = lanes.flatMap(({ spans }) => spans.map(({ fromMs }) => fromMs));
  const from = Math.min(...starts);
  const last = Math.max(...starts, from + 1000);
  // What rests says nothing by resting longer.
  const until = moves ? Math.max(now, last) : last + (last - from) * restShare;
  const place = (ms: number) => `${((ms - from) / (until - from)) * 100}%`;
  const clock = clockIn(zone, until - from < 600_000);
  return (
    <div className={styles.lanes} aria-hidden>
      {lanes.map(({ name, spans }, at) => (
        // Names may repeat; lanes keep their order.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <div key={at} className={styles.lane}>
          <span className={styles.laneName} title={name}>
            {name}
          </span>
          <span className={styles.bar}>
            {spans.map(({ words, tone, fromMs, untilMs }) => {
              const end = untilMs ?? until;
              return (
                <i
                  key={`${fromMs}${words}`}
                  className={styles.span}
                  data-tone={tone}
                  title={untilMs === null ? words : `${words}, ${duration((untilMs - fromMs) / 1000)}`}
                  style={{ left: place(fromMs), width: `calc(${place(end)} - ${place(fromMs)})` }}
                >
                  <span>{words}</span>
                </i>
              );
            })}
          </span>
        </div>
      ))}
      <div className={styles.axis}>
        <span>{clock.format(from)}</span>
        <span>{clock.format((from + until) / 2)}</span>
        <span>{clock.format(until)}</span>
      </div>
    </div>
  );
}

function Events({ rollout, events, zone }: { rollout: Rollout; events: RolloutEvent[]; zone: string }) {
  const [isOpen, setOpen] = useState(false);
  const hidden = isOpen ? 0 : Math.max(0, events.length - shownAtFirst);
  const clock = clockIn(zone, true);
  const day = dayIn(zone);
  const shown = events.slice(hidden).map((event, at, list) => {
    const before = list[at - 1];
    const date = day.format(Date.parse(event.at));
    const isNewDay = !before || day.format(Date.parse(before.at)) !== date;
    return { event, date, isNewDay };
  });
  return (
    <>
      {hidden > 0 ? (
        <Button variant="subtle" size="md" ml={10} onClick={() => setOpen(true)} data-testid="timeline-more">
          {t('Show {{count, number}} earlier events', { count: hidden })}
        </Button>
      ) : null}
      <ol className={styles.events} start={hidden + 1}>
        {shown.map(({ event, date, isNewDay }, at) => {
          const { group, words, tone } = told(event, rollout);
          return (
            // Events are only ever added at the end.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above
            <li key={hidden + at} className={styles.event} data-testid="timeline-event">
              <time dateTime={event.at}>
                {isNewDay ? (
                  <span className={styles.day}>{date}</span>
                ) : (
                  <VisuallyHidden>{date}</VisuallyHidden>
                )}
                {clock.format(Date.parse(event.at))}
              </time>
              <span className={styles.rail} data-tone={tone} />
              <span>
                {group === null ? <b>{words}</b> : `${group}: ${words.toLowerCase()}`}
                {event.by === 'system' ? null : (
                  <>
                    {' '}
                    <Trans i18nKey={'by <b>{{by}}</b>'} values={{ by: event.by }} components={{ b: <b /> }} />
                  </>
                )}
                {event.reason ? <span className={styles.reason}>{said(event.reason)}</span> : null}
              </span>
            </li>
          );
        })}
      </ol>
    </>
  );
}
