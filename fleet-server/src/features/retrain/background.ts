import { repeated } from '../../jobs/repeated.js';
import type { Services } from '../../services.js';
import type { Background } from '../product.js';
import { retrainWhenDue } from './rules.js';

/** Starts runs that are due by rule. */
export const createRetrainBackground = (services: Services, intervalMs = 60_000): Background =>
  repeated(intervalMs, () => retrainWhenDue(services), {
    log: services.log,
    failed: 'no run was started by rule',
  });
