/** The tables, by what they are about. */

export * from './schema/datasets.js';
export * from './schema/devices.js';
export * from './schema/frames.js';
export * from './schema/labelling.js';
export * from './schema/learning.js';
export * from './schema/people.js';
export * from './schema/rollouts.js';
export * from './schema/server.js';
export * from './schema/transfers.js';
