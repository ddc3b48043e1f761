/** What the console reads, by what it is about. */
export * from './queries/cache.js';
export * from './queries/classes.js';
export * from './queries/datasets.js';
export * from './queries/devices.js';
export * from './queries/explorer.js';
export * from './queries/models.js';
export * from './queries/people.js';
export * from './queries/review.js';
export * from './queries/rollouts.js';
export * from './queries/training.js';
