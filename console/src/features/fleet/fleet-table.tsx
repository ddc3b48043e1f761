import { IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import type { Device } from '../../api/types.js';
import { phrase, t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { decimal, integer, percent } from '../../ui/format.js';
import { Lamp, type Tone } from '../../ui/signal.js';
import { stageLabels, stageOrder, stagesOf } from '../device/stages.js';
import { RunningModel } from './device-card.js';
import classes from './fleet-table.module.css';
import { decidedAlone } from './health.js';
import { type FleetSearch, type SortKey, tones } from './search.js';
import { rateOf, type Seen } from './view.js';

/** CSS pixels. */
const rowHeight = 52;

const columns: readonly { key: SortKey | 'stages' | 'seen'; words: string; numeric?: true }[] = [
  { key: 'name', words: phrase('Device') },
  { key: 'health', words: phrase('Health') },
  { key: 'site', words: phrase('Site and tags') },
  { key: 'stages', words: phrase('Stages') },
  { key: 'model', words: phrase('Model') },
  { key: 'rate', words: phrase('Frames/s'), numeric: true },
  { key: 'alone', words: phrase('Alone'), numeric: true },
  { key: 'waiting', words: phrase('Waiting'), numeric: true },
  { key: 'seen', words: phrase('Last seen') },
];

interface Props {
  devices: readonly Seen[];
  search: FleetSearch;
  sort: (sort: SortKey, descending: boolean) => void;
  open: (id: string) => void;
}

/** Any number of devices, a line each; only those in sight are in the document. */
export function FleetTable({ devices, search, sort, open }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: devices.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
  });
  const by = search.sort ?? 'health';
  const { q, site, health, sort: sorted, descending } = search;
  const shown = JSON.stringify([q, site, health, sorted, descending]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: others are shown, which begin at the top
  useEffect(() => {
    scroller.current?.scrollTo(0, 0);
  }, [shown]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrolled by keyboard
    <div ref={scroller} className={classes.scroller} tabIndex={0} data-testid="fleet-table">
      {/* biome-ignore lint/a11y/useSemanticElements: rows that stand where they are scrolled to */}
      <div role="table" aria-label={t('Fleet')} aria-rowcount={devices.length + 1}>
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        <div role="row" className={`${classes.row} ${classes.head}`} tabIndex={-1}>
          {columns.map(({ key, words, numeric }) => (
            // biome-ignore lint/a11y/useSemanticElements: see above
            <div
              key={key}
              role="columnheader"
              tabIndex={-1}
              className={numeric ? classes.numeric : undefined}
              data-column={key}
              aria-sort={by === key ? (search.descending ? 'descending' : 'ascending') : undefined}
            >
              {key === 'stages' || key === 'seen' ? (
                t(words)
              ) : (
                <button type="button" onClick={() => sort(key, by === key && !search.descending)}>
                  {t(words)}
                  {by === key ? (
                    search.descending ? (
                      <IconChevronDown size={14} aria-hidden />
                    ) : (
                      <IconChevronUp size={14} aria-hidden />
                    )
                  ) : null}
                </button>
              )}
            </div>
          ))}
        </div>
        <div style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
          {virtualizer.getVirtualItems().map(({ index, start }) => {
            const seen = devices[index];
            return seen ? (
              <Row key={seen.device.id} seen={seen} index={index} top={start} open={open} />
            ) : null;
          })}
        </div>
      </div>
    </div>
  );
}

interface RowProps {
  seen: Seen;
  index: number;
  top: number;
  open: (id: string) => void;
}

function Row({ seen: { device, health }, index, top, open }: RowProps) {
  const alone = decidedAlone(device);
  const rate = rateOf(device);
  const cell = (column: string, content: React.ReactNode, numeric = false) => (
    // biome-ignore lint/a11y/useSemanticElements: see above
    <div role="cell" tabIndex={-1} data-column={column} className={numeric ? classes.numeric : undefined}>
      {content}
    </div>
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: see above
    // biome-ignore lint/a11y/useKeyWithClickEvents: the link in it does as much by keyboard
    <div
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 2}
      className={`${classes.row} ${classes.device}`}
      style={{ transform: `translateY(${top}px)`, height: rowHeight }}
      data-testid={`fleet-row-${device.id}`}
      data-tone={health.tone}
      data-revoked={device.revokedAt ? '' : undefined}
      onClick={() => open(device.id)}
    >
      {cell(
        'name',
        <Link
          to="/fleet/$deviceId"
          params={{ deviceId: device.id }}
          onClick={(event) => event.stopPropagation()}
          title={device.name}
        >
          {device.name}
        </Link>,
      )}
      {cell(
        'health',
        <span className={classes.health} title={health.complaints.map(({ text }) => text).join('\n')}>
          <Lamp tone={health.tone} />
          {health.word}
        </span>,
      )}
      {cell(
        'site',
        <span title={[device.site ?? '', ...device.tags].filter(Boolean).join(', ')}>
          {device.site} <small>{device.tags.join(', ')}</small>
        </span>,
      )}
      {cell('stages', <Stages device={device} />)}
      {cell('model', <RunningModel device={device} />)}
      {cell('rate', rate < 0 ? '–' : decimal(rate, 1), true)}
      {cell('alone', alone === null ? '–' : percent(alone), true)}
      {cell('waiting', device.telemetry ? integer(device.telemetry.spool.frames) : '–', true)}
      {cell('seen', device.online ? t('Now') : device.lastSeenAt ? <Ago at={device.lastSeenAt} /> : '–')}
    </div>
  );
}

/** The worst of its cameras, stage by stage. */
function Stages({ device }: { device: Device }) {
  const cameras = (device.reported?.cameras ?? []).map((camera) => stagesOf(device, camera));
  if (cameras.length === 0) return '–';
  return (
    <span className={classes.stages}>
      {stageOrder.map((stage, at) => {
        const worst: Tone =
          tones.find((tone) => cameras.some((stages) => stages[at]?.tone === tone)) ?? 'idle';
        const word = { ok: t('well'), bad: t('in trouble') }[worst as string] ?? t('not known');
        return <Lamp key={stage} tone={worst} label={`${t(stageLabels[stage])}: ${word}`} />;
      })}
    </span>
  );
}
