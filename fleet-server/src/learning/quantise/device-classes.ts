import type { IntegerClass } from '@lineside/shared';

export type { IntegerClass };

/** What the integer kernels of a kind of processor want. */
export interface DeviceClassTraits {
  readonly summary: string;
  /** As Node.js names it. */
  readonly arch: 'x64' | 'arm64';
  readonly activations: 'uint8' | 'int8';
  /** Largest |weight| in steps: 127 uses 8 bits, 63 uses 7. */
  readonly weightLimit: 127 | 63;
}

/**
 * Plain AVX2 adds pairs of uint8 × int8 products in 16 bits (VPMADDUBSW), which saturates at 2 · 255 · 127 and not at
 * 2 · 255 · 63. VNNI adds in 32 bits. ARM's dot product takes signed operands.
 */
export const deviceClasses = {
  'x86-vnni': {
    summary: 'x86-64 with AVX512-VNNI or AVX-VNNI',
    arch: 'x64',
    activations: 'uint8',
    weightLimit: 127,
  },
  x86: {
    summary: 'x86-64 with AVX2 and without VNNI',
    arch: 'x64',
    activations: 'uint8',
    weightLimit: 63,
  },
  arm64: {
    summary: 'ARM with the dot product instructions',
    arch: 'arm64',
    activations: 'int8',
    weightLimit: 127,
  },
} as const satisfies Record<IntegerClass, DeviceClassTraits>;
