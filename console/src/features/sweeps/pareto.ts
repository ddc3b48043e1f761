import type { Sweep, SweepRow } from '../../api/types.js';
import { phrase, t } from '../../i18n/index.js';

/** Where a frame was timed: this server, or a device by hardware and how it ran. */
export interface Clock {
  readonly id: string;
  readonly label: string;
}
export const serverClock: Clock = { id: 'server', label: phrase('This server, one thread') };

const deviceClock = ({ hardware, backend, variant, threads }: SweepRow['latency'][number]): Clock => ({
  id: [hardware, backend, variant, threads].join('|'),
  label: t('{{hardware}}, {{variant}} on {{backend}}, {{threads}}', {
    hardware,
    variant,
    backend,
    threads: t('{{count, number}} threads', { count: threads }),
  }),
});

/** Devices that measured any of the rows first: their figures count, the server's only stands in. */
export function clocksOf(rows: Sweep['rows']): Clock[] {
  const found = new Map<string, Clock>();
  for (const { latency } of rows) {
    for (const each of latency) {
      const clock = deviceClock(each);
      found.set(clock.id, clock);
    }
  }
  return [...found.values(), serverClock];
}

/** Milliseconds for a frame; null: not measured there. */
export function latencyOf(row: SweepRow, clock: Clock): number | null {
  if (clock.id === serverClock.id) return row.serverLatencyMs;
  return row.latency.find((each) => deviceClock(each).id === clock.id)?.p50Ms ?? null;
}

export interface Point {
  readonly row: SweepRow;
  readonly latencyMs: number;
  readonly accuracy: number;
}

/** Rows judged on every frame and timed by this clock. */
export const pointsOf = (rows: Sweep['rows'], clock: Clock): Point[] =>
  rows.flatMap((row) => {
    const latencyMs = latencyOf(row, clock);
    const accuracy = row.figures?.balancedAccuracy.value ?? null;
    return latencyMs === null || accuracy === null || row.rung === 1 ? [] : [{ row, latencyMs, accuracy }];
  });

/** Points that no other beats in speed without being less accurate, fastest first. */
export function paretoFront(points: readonly Point[]): Point[] {
  const order = [...points].sort((a, b) => a.latencyMs - b.latencyMs || b.accuracy - a.accuracy);
  const front: Point[] = [];
  for (const point of order) if (point.accuracy > (front.at(-1)?.accuracy ?? -1)) front.push(point);
  return front;
}

export const settingsOf = ({ mode, regularisation, inputSize }: SweepRow): string =>
  `${inputSize} px, ${mode === 'head' ? t('head only') : regularisation === 'strong' ? t('tail, held back') : t('tail')}`;
