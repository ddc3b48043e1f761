import Type, { type Static } from 'typebox';
import { section } from './field.js';

/** What waits on the disk and how it travels. */
export const SpoolConfig = section({
  maxBytes: Type.Integer({ minimum: 65_536, default: 1_073_741_824 }),
  minFreeBytes: Type.Integer({
    minimum: 0,
    default: 268_435_456,
    description: 'Frames give way before the disk has less than this left',
  }),
  uploadOrder: Type.Enum(['most_valuable', 'newest'], { default: 'most_valuable' }),
  maxBytesPerSecond: Type.Integer({ minimum: 0, default: 0, description: 'Upload rate; 0: no limit' }),
});
export type SpoolConfig = Static<typeof SpoolConfig>;
