import type { ModelManifest } from '@lineside/shared';

/**
 * Which processors a release may go to, for the signed part of its target. A package with a variant for any processor
 * names none.
 */
export function signedHardware({ variants }: Pick<ModelManifest, 'variants'>): { arch?: string[] } {
  const plain = variants.filter(({ quantised }) => !quantised);
  if (plain.some(({ arch }) => !arch)) return {};
  return { arch: [...new Set(plain.flatMap(({ arch }) => arch ?? []))].sort() };
}
