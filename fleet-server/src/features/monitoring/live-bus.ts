import type { FastifyBaseLogger } from 'fastify';
import type { LiveBus } from '../../services.js';
import type { LiveEvent } from './schemas.js';

/** Listeners are called at once, in order; one that throws does not keep the others from hearing. */
export function createLiveBus(log: FastifyBaseLogger): LiveBus {
  const listeners = new Set<(event: LiveEvent) => void>();
  return {
    publish(event) {
      for (const listener of [...listeners]) {
        try {
          listener(event);
        } catch (error) {
          log.error({ err: error, event: event.type }, 'a live listener failed');
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
