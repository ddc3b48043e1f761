import { letEventsIn } from '../let-events-in.js';
import { type Common, commonOf, likeness, signsOf } from './likeness.js';
import { coarse } from './sketch.js';

export interface NearInput {
  /** [n, length], those of the test split first. */
  readonly sketches: Int16Array;
  readonly length: number;
  /** [n] */
  readonly cameras: Int32Array;
  /** How many rows are of the test split. */
  readonly tests: number;
}

export interface NearPair {
  /** Row of the test split. */
  readonly test: number;
  /** Row of the training split. */
  readonly train: number;
  /** Cosine of what sets the two apart from the usual picture. */
  readonly similarity: number;
}

/**
 * So much alike are two pictures of the same thing. Measured on generated plates, which lie under one camera and differ by
 * pose, texture and defect: a copy that was compressed anew, halved, blurred, noisier or brighter keeps 0.99 and more, while of
 * the other plates the one most alike has 0.94 at most. A copy cut or shifted by two pixels is not told from them.
 */
export const leastAlike = 0.97;
/** Rows that differ in a larger share of their coarse signs are not looked at closer. */
const mostSigns = 0.12;
/** Of a test row, so many rows with the fewest differing signs are looked at closer. */
const closer = 8;
/** Of a camera with fewer frames the usual picture is not known: the usual one of all takes its place. */
const leastOfCamera = 20;
const rowsAtOnce = 16;

/**
 * For each test row the training row most like it, if it is nearly the same. Pictures of one camera are compared by what differs
 * from its usual picture, because a fixture that is in all of them makes none a copy of another.
 * @throws LinesideError `training_cancelled`
 */
export async function nearPairs(
  { sketches, length, cameras, tests }: NearInput,
  onProgress: (done: number, total: number) => void = () => {},
  signal?: AbortSignal,
): Promise<NearPair[]> {
  const all = commonOf(sketches, length, new Int32Array(cameras.length), 1);
  const own = commonOf(sketches, length, cameras, leastOfCamera);
  const [signsOfAll, signsOfOwn] = [signsOf(sketches, all, coarse), signsOf(sketches, own, coarse)];
  const words = Math.ceil(coarse.length / 32);
  const most = Math.floor(mostSigns * coarse.length);
  const pairs: NearPair[] = [];
  for (let test = 0; test < tests; test++) {
    const candidates: { train: number; differing: number }[] = [];
    let limit = most;
    for (let train = tests; train < cameras.length; train++) {
      const signs = cameras[train] === cameras[test] ? signsOfOwn : signsOfAll;
      const differing = signsApart(signs, test * words, train * words, words, limit);
      if (differing > limit) continue;
      candidates.push({ train, differing });
      if (candidates.length < 2 * closer) continue;
      candidates.sort((a, b) => a.differing - b.differing || a.train - b.train).splice(closer);
      limit = candidates.at(-1)!.differing;
    }
    candidates.sort((a, b) => a.differing - b.differing || a.train - b.train).splice(closer);
    const best = closest(candidates, (train) => {
      const common: Common = cameras[train] === cameras[test] ? own : all;
      return likeness(sketches, common, test, train);
    });
    if (best) pairs.push({ test, ...best });
    if (test % rowsAtOnce === 0) {
      onProgress(test, tests);
      await letEventsIn(signal);
    }
  }
  return pairs;
}

function closest(
  candidates: readonly { train: number; differing: number }[],
  likenessOf: (train: number) => number,
): { train: number; similarity: number } | null {
  let best: { train: number; similarity: number } | null = null;
  for (const { train } of candidates) {
    const similarity = likenessOf(train);
    if (similarity >= Math.max(leastAlike, best ? best.similarity + 1e-9 : 0)) best = { train, similarity };
  }
  return best;
}

/** Signs in which two rows differ, counted no further than `limit`. */
function signsApart(signs: Int32Array, a: number, b: number, words: number, limit: number): number {
  let differing = 0;
  for (let word = 0; word < words && differing <= limit; word++) {
    differing += ones(signs[a + word]! ^ signs[b + word]!);
  }
  return differing;
}

/** Bits that are set. */
function ones(word: number): number {
  let left = word - ((word >>> 1) & 0x55555555);
  left = (left & 0x33333333) + ((left >>> 2) & 0x33333333);
  return Math.imul((left + (left >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
