import { say } from '@lineside/shared';
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

type Share = number | null | undefined;
const changed = (before: Share, now: Share): string =>
  say('drift_now', { before: percent(before), now: percent(now) });

/** What drifted, as a sentence. */
export function inWords(alarm: DriftAlarm, nameOf: (classId: string) => string): string {
  const before = figuresOf(alarm.before);
  const after = figuresOf(alarm.since);
  const { signal, direction, classId } = alarm;
  if (signal === 'class' && classId !== null) {
    const what = say(direction === 'higher' ? 'drift_class_more' : 'drift_class_fewer', {
      class: nameOf(classId),
    });
    return `${what}: ${changed(before.classShares[classId], after.classShares[classId])}`;
  }
  if (signal === 'confidence') {
    const what = say(direction === 'lower' ? 'drift_less_sure' : 'drift_more_sure');
    return `${what}: ${changed(before.confidence, after.confidence)}`;
  }
  const what = say(direction === 'higher' ? 'drift_farther' : 'drift_nearer');
  const novel = { before: percent(before.novelShare), now: percent(after.novelShare) };
  return `${what}: ${say('drift_novel', novel)}`;
}
