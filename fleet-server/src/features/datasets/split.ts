import { createHash } from 'node:crypto';

export type Split = 'train' | 'test';
/** Below this many labelled frames every label is needed for training. */
export const leastFramesForTest = 200;
const defaultTestShare = 0.2;
/** A class keeps at least this share of its frames in training. */
const leastTrainShare = 0.8;

export const testShareFor = (frames: number): number => (frames < leastFramesForTest ? 0 : defaultTestShare);

/** Position of a group in [0, 1), the same for ever. */
const position = (group: string): number =>
  createHash('sha256').update(group).digest().readUIntBE(0, 6) / 2 ** 48;

/**
 * Split of every group. The position of a group is a hash of its name, so a group that was held out in one dataset
 * version is held out in the next. Only where a class would have more than its share held out do groups, the last
 * ones first, go to training: a rare class must not vanish from it.
 */
export function splitGroups(
  items: readonly { group: string; classId: string }[],
  testShare: number,
): Map<string, Split> {
  const frames = new Map<string, Map<string, number>>();
  const total = new Map<string, number>();
  for (const { group, classId } of items) {
    const classes = frames.get(group) ?? new Map<string, number>();
    classes.set(classId, (classes.get(classId) ?? 0) + 1);
    frames.set(group, classes);
    total.set(classId, (total.get(classId) ?? 0) + 1);
  }
  const heldOut = [...frames.keys()]
    .map((group) => ({ group, at: position(group) }))
    .filter(({ at }) => at < testShare)
    .sort((a, b) => a.at - b.at);

  const most = Math.max(1 - leastTrainShare, testShare);
  const used = new Map<string, number>();
  const split = new Map<string, Split>([...frames.keys()].map((group) => [group, 'train']));
  for (const { group } of heldOut) {
    const classes = [...frames.get(group)!];
    const fits = classes.every(
      ([classId, n]) => (used.get(classId) ?? 0) + n <= Math.floor(most * total.get(classId)! + 1e-9),
    );
    if (!fits) continue;
    split.set(group, 'test');
    for (const [classId, n] of classes) used.set(classId, (used.get(classId) ?? 0) + n);
  }
  return split;
}

/**
 * Sides beside a test set that is in force, in the order of the frames: its own frames test, and what else belongs to a group
 * that is or would be held out waits, so that no such group ever teaches before it judges.
 */
export function sidesIn(
  items: readonly { id: string; group: string }[],
  held: ReadonlyMap<string, Split>,
  testFrameIds: ReadonlySet<string>,
): (Split | 'waits')[] {
  const testGroups = new Set(items.flatMap(({ id, group }) => (testFrameIds.has(id) ? [group] : [])));
  return items.map(({ id, group }) => {
    if (testFrameIds.has(id)) return 'test';
    return testGroups.has(group) || held.get(group) === 'test' ? 'waits' : 'train';
  });
}
