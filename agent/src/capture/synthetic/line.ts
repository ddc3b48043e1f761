import { seededRandom } from '../../policy/random.js';

/** What a part of the generated line can show. `good` is the absence of every defect. */
export const partClasses = ['good', 'scratch', 'dent', 'stain', 'crack', 'missing_hole'] as const;
export type PartClass = (typeof partClasses)[number];

/** The part at one place of the line: which one it is, and what is wrong with it. */
export function drawPart(options: { seed: number; sequence: number; defectShare: number }): {
  partSeed: number;
  defect: PartClass;
} {
  const random = seededRandom(options.seed * 0x1_0000 + options.sequence * 7919 + 1);
  const defective = random() < options.defectShare;
  const kinds = partClasses.filter((name) => name !== 'good');
  const defect = defective ? (kinds[Math.floor(random() * kinds.length)] ?? 'good') : 'good';
  return { partSeed: Math.floor(random() * 2 ** 31), defect };
}
