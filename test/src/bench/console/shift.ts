import { setTimeout as delay } from 'node:timers/promises';
import { partClasses } from '@lineside/agent/capture/synthetic/line';
import { openDatabase } from '@lineside/fleet-server/db/open';
import { labels } from '@lineside/fleet-server/db/schema';
import type { Labeller } from '../../system/labeller.js';
import { until } from '../../system/until.js';

export interface ShiftPlan {
  /** How many frames the person labels. */
  frames: number;
  /** From seeing a frame to the key, milliseconds. */
  thinkMs: () => number;
  /** Ends the server without warning and starts it again, so many times, evenly over the frames. */
  restarts: number;
  restart: () => Promise<void>;
}

export interface ShiftOutcome {
  elapsedMs: number;
  /** From each key to the next frame that can be seen, milliseconds. */
  waitsMs: number[];
  restarted: number;
}

/** One person labels by keyboard and never touches anything else, whatever happens to the server. */
export async function workShift(labeller: Labeller, plan: ShiftPlan): Promise<ShiftOutcome> {
  const waitsMs: number[] = [];
  let restarted = 0;
  let restarting: Promise<void> = Promise.resolve();
  const restart = async () => {
    await plan.restart();
    restarted++;
  };
  const startedMs = performance.now();
  for (let n = 1; n <= plan.frames; n++) {
    const pressedMs = performance.now();
    const shown = await until('a frame', async () => {
      const next = await labeller.next();
      return next === 'empty' ? null : next;
    });
    if (n > 1) waitsMs.push(performance.now() - pressedMs);
    await delay(plan.thinkMs());
    await labeller.press(shown.frameId, 1 + (n % partClasses.length));
    if (n % Math.ceil(plan.frames / (plan.restarts + 1)) === 0 && n < plan.frames) {
      restarting = restarting.then(restart);
      // Told where it is awaited.
      restarting.catch(() => {});
    }
  }
  const elapsedMs = performance.now() - startedMs;
  await restarting;
  await labeller.settled();
  return { elapsedMs, waitsMs, restarted };
}

/**
 * What became of the keys, by the database of a server that has stopped.
 * @returns how many frames have no label, more than one, and another than the key's; labels of frames without a key
 */
export async function accountFor(
  options: { dataDir: string; url?: string | undefined; author: string },
  pressed: Labeller['pressed'],
): Promise<{ lost: number; double: number; wrong: number; unasked: number }> {
  const { dataDir, url, author } = options;
  const database = await openDatabase({ dataDir, ...(url ? { url } : {}) });
  try {
    const given = new Map<string, (string | null)[]>();
    for (const label of await database.db.select().from(labels)) {
      if (label.author === author)
        given.set(label.frameId, [...(given.get(label.frameId) ?? []), label.classId]);
    }
    const outcome = { lost: 0, double: pressed.length - new Map(pressed).size, wrong: 0, unasked: 0 };
    for (const [frameId, digit] of pressed) {
      const of = given.get(frameId) ?? [];
      given.delete(frameId);
      if (of.length === 0) outcome.lost++;
      else if (of.length > 1) outcome.double++;
      else if (of[0] !== partClasses[digit - 1]) outcome.wrong++;
    }
    outcome.unasked = given.size;
    return outcome;
  } finally {
    await database.close();
  }
}
