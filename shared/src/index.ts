export * from './agent-config/index.js';
export * from './errors.js';
export * from './protocol/index.js';
export * from './reference.js';
export * from './sentences.js';
export * from './topics.js';
export * from './version.js';
