import type { LeakCheck } from '../../api/types.js';

/** Test frames with a like in training; 0 as long as nobody looked. */
export const leaksIn = ({ found }: Pick<LeakCheck, 'found'>): number =>
  found ? found.copy + found.group + found.near : 0;
