import type { Services } from '../../services.js';
import { endShadows } from './champion-shadow.js';
import { welcomeLateJoiners } from './late-joiners.js';
import { changed, record } from './service.js';
import { mustNotBeStopped, standingStop } from './stop.js';
import type { Notification } from './tell.js';
import { tick } from './ticker.js';

const toldAtOnce = 500;

export interface RolloutsBackground {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** One pass now; for tests and for whoever cannot wait for the interval. */
  tick(): Promise<void>;
}

/** Moves the rollouts: at an interval, and as soon as a device reports or a person acts. */
export function createRolloutsBackground(services: Services, intervalMs = 1000): RolloutsBackground {
  const { live, log } = services;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;
  let again = false;
  let stopped = true;
  let gathering: NodeJS.Timeout | undefined;
  let isWanted = false;
  let lastPassMs = 0;
  const unsubscribe: (() => void)[] = [];

  /** Some at a time, so that the first are told at once and a stop of the fleet reaches the last. */
  async function notify(all: readonly Notification[]): Promise<void> {
    for (let from = 0; from < all.length; from += toldAtOnce) {
      const some = all.slice(from, from + toldAtOnce);
      try {
        await mustNotBeStopped(services.database.db);
        await services.devices.setDesiredOfMany(
          some.map(({ deviceId, rolloutId, model, shadow }) => ({
            deviceId,
            change: { ...(model && { rolloutId, model }), ...(shadow !== undefined && { shadow }) },
          })),
        );
      } catch (error) {
        // The desired states still name the old release, so the next pass tells the devices again.
        log.warn({ err: error, devices: some.length }, 'devices not told of their rollout');
      }
    }
  }

  async function pass(): Promise<void> {
    const outcome = await tick(services);
    if (!outcome) return;
    await notify(outcome.notify);
    for (const rollout of outcome.changed) changed(services, rollout.id);
    for (const { rollout, to, reason } of outcome.ended) {
      const action = to === 'finished' ? 'rollout.finish' : 'rollout.pause';
      await record(services, 'system', action, rollout, reason === null ? {} : { reason });
      if (to === 'finished') live.publish({ type: 'models' });
    }
    if (!(await standingStop(services.database.db))) await welcomeLateJoiners(services);
    await endShadows(services);
  }

  /** One pass at a time; asked for while one runs, another follows. */
  function run(): Promise<void> {
    again = true;
    running ??= (async () => {
      while (again) {
        again = false;
        const startMs = performance.now();
        await pass();
        lastPassMs = performance.now() - startMs;
      }
    })().finally(() => {
      running = null;
      if (isWanted) gather();
    });
    return running;
  }

  /** What a large fleet reports gathers for as long as a pass takes, which so has the database half of the time at most. */
  function gather(): void {
    if (stopped || gathering || running) return;
    gathering = setTimeout(() => {
      gathering = undefined;
      isWanted = false;
      run().catch((error: unknown) => log.error({ err: error }, 'rollout tick failed'));
    }, lastPassMs);
  }

  const kick = (): void => {
    isWanted = true;
    gather();
  };

  return {
    async start() {
      stopped = false;
      unsubscribe.push(
        services.devices.onReported(kick),
        live.subscribe((event) => {
          if (event.type === 'rollout') kick();
        }),
      );
      timer = setInterval(kick, intervalMs);
      kick();
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      clearTimeout(gathering);
      gathering = undefined;
      for (const off of unsubscribe.splice(0)) off();
      again = false;
      await running?.catch(() => {});
    },
    tick: run,
  };
}
