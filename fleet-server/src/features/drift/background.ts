import { repeated } from '../../jobs/repeated.js';
import type { Services } from '../../services.js';
import type { Background } from '../product.js';
import { SampleReader } from './samples.js';
import { watchDrift } from './watch.js';

/** Compares what devices see with what they used to see. */
export function createDriftBackground(services: Services, intervalMs = 60_000): Background {
  const reader = new SampleReader(services);
  return repeated(intervalMs, (signal) => watchDrift(services, reader, signal), {
    log: services.log,
    failed: 'drift was not looked at',
  });
}
