import { shuffled } from '../random.js';

/**
 * The rows of one epoch, as many as there are, in random order. `balance` 0 takes each row once; 1 takes as many of every
 * class; between, a class of n rows takes a share that grows with n^(1 − balance). A class repeats its rows only after all
 * of them had their turn.
 */
export function epochOrder(
  labels: Int32Array,
  rows: Int32Array,
  classes: number,
  balance: number,
  random: () => number,
): number[] {
  const members: number[][] = Array.from({ length: classes }, () => []);
  for (const row of rows) members[labels[row]!]!.push(row);
  const shares = members.map(({ length }) => (length === 0 ? 0 : length ** (1 - balance)));
  const total = shares.reduce((sum, share) => sum + share, 0);
  const order: number[] = [];
  // One random offset for all classes keeps the total exact and each class within one row of its share.
  let reached = random();
  let taken = 0;
  for (const [label, own] of members.entries()) {
    if (own.length === 0) continue;
    reached += (rows.length * shares[label]!) / total;
    let queue: number[] = [];
    for (; taken < Math.floor(reached); taken++) {
      if (queue.length === 0) queue = shuffled(own, random);
      order.push(queue.pop()!);
    }
  }
  return shuffled(order, random);
}
