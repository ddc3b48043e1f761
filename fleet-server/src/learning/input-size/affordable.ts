import { workFactor } from './sizes.js';

/** What sizes cost, and what may be spent. */
export interface Costs {
  readonly native: number;
  /** At the native size, decoding included. */
  readonly msPerPicture: number;
  /** Pictures that will be read at the chosen size. */
  readonly pictures: number;
  /** Bytes that training takes at a size; null: only the head is trained, which takes the same at every size. */
  memoryOf(size: number): Promise<number | null>;
  readonly memoryBytes: number;
  /** Whether the head alone is trained where the memory is too small at every size. */
  readonly headIsEnough: boolean;
}

/** Reading every picture at a size may take so long. */
export const budgetMs = 120_000;

/** The sizes among larger ones that time and memory allow, or which of them allows none. */
export async function affordableSizes(
  larger: readonly number[],
  costs: Costs,
): Promise<{ sizes: number[]; refused: 'too-slow' | 'too-little-memory' | null }> {
  const { native, msPerPicture, pictures, memoryBytes } = costs;
  const inTime = larger.filter((size) => msPerPicture * workFactor(size, native) * pictures < budgetMs);
  if (inTime.length === 0) return { sizes: [], refused: 'too-slow' };
  const fits = async (size: number) => ((await costs.memoryOf(size)) ?? 0) <= memoryBytes;
  const sizes: number[] = [];
  for (const size of inTime) if (await fits(size)) sizes.push(size);
  if (sizes.length < inTime.length && costs.headIsEnough && !(await fits(native))) {
    return { sizes: inTime, refused: null };
  }
  return { sizes, refused: sizes.length === 0 ? 'too-little-memory' : null };
}
