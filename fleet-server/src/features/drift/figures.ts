import type { DriftAlarm, Sums } from '../../learning/drift/monitor.js';
import type { DriftFigures } from './schemas.js';

const ratio = (sum: number, count: number): number | null => (count > 0 ? sum / count : null);

export const figuresOf = (sums: Sums): DriftFigures => ({
  frames: sums.frames,
  classShares: Object.fromEntries(
    Object.entries(sums.classes)
      .filter(([, count]) => count > 0)
      .map(([id, count]) => [id, count / sums.frames]),
  ),
  confidence: ratio(sums.confidence, sums.frames),
  novelShare: ratio(sums.novel, sums.measured),
  distance: ratio(Math.max(0, sums.distance), sums.measured),
});

const percent = (share: number | null | undefined): string => `${((share ?? 0) * 100).toFixed(1)} %`;

/** What drifted, as a sentence. */
export function inWords(alarm: DriftAlarm, nameOf: (classId: string) => string): string {
  const before = figuresOf(alarm.before);
  const after = figuresOf(alarm.since);
  const { signal, direction, classId } = alarm;
  if (signal === 'class' && classId !== null) {
    return (
      `decisions for ${nameOf(classId)} have become ${direction === 'higher' ? 'more' : 'fewer'}: ` +
      `${percent(before.classShares[classId])}, now ${percent(after.classShares[classId])}`
    );
  }
  if (signal === 'confidence') {
    return `the model is ${direction === 'lower' ? 'less' : 'more'} sure: ${percent(before.confidence)}, now ${percent(after.confidence)}`;
  }
  const away = direction === 'higher' ? 'farther from' : 'nearer to';
  const novel = `novel ${percent(before.novelShare)}, now ${percent(after.novelShare)}`;
  return `frames lie ${away} what the model learnt from: ${novel}`;
}
