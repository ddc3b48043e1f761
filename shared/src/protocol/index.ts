export * from './codec.js';
export * from './command.js';
export * from './enrolment.js';
export * from './frame.js';
export * from './message.js';
export * from './model-package.js';
export * from './state.js';
export * from './telemetry.js';
