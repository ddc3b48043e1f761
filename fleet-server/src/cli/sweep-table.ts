import type { MeasuredRow, SweepTable } from '../features/sweeps/schemas.js';
import { percent } from './figures.js';

const headings = [
  '',
  'architecture',
  'px',
  'trained',
  'balanced accuracy',
  'worst class',
  'ECE',
  'frame',
  'MB',
  '8-bit loss',
  's',
];

function cells(row: MeasuredRow, winner: boolean): string[] {
  const { figures } = row;
  const { value, low, high } = figures?.balancedAccuracy ?? { value: null, low: null, high: null };
  const interval = low === null || high === null ? '' : ` (${percent(low)} to ${percent(high)})`;
  const recalls = (figures?.perClass ?? []).flatMap(({ classId, recall }) =>
    recall.value === null ? [] : [{ classId, recall: recall.value }],
  );
  const worst = recalls.reduce<(typeof recalls)[0] | null>(
    (a, b) => (a && a.recall <= b.recall ? a : b),
    null,
  );
  const [device] = row.latency;
  const frame = device
    ? `${device.p50Ms.toFixed(1)} ms on ${device.hardware}`
    : row.serverLatencyMs === null
      ? 'not measured'
      : `${row.serverLatencyMs.toFixed(1)} ms here`;
  return [
    winner ? '*' : row.dropped ? '-' : '',
    row.architecture,
    String(row.inputSize),
    row.mode === 'head' ? 'head' : `tail, ${row.regularisation}`,
    row.problem ?? percent(value) + interval,
    worst ? `${worst.classId} ${percent(worst.recall)}` : '–',
    percent(figures?.calibrationError),
    frame,
    row.modelBytes === null ? '–' : (row.modelBytes / 1e6).toFixed(1),
    row.int8[0] ? percent(row.int8[0].accuracyLost) : 'not made',
    row.seconds.toFixed(0),
  ];
}

/** The table as text in columns. `*`: the winner; `-`: left after the cheap rung. */
export function formatSweep({ rows, winner, rungs }: SweepTable): string {
  const lines = [headings, ...rows.map((row, at) => cells(row, at === winner))];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const course = rungs.map(({ candidates, frames, mode }) => `${candidates} × ${mode} on ${frames} frames`);
  return `${text.join('\n')}\n\n${course.join(', then ')}\n`;
}
