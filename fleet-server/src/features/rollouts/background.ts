import type { Services } from '../../services.js';
import { endShadows } from './champion-shadow.js';
import { welcomeLateJoiners } from './late-joiners.js';
import { changed, record } from './service.js';
import { mustNotBeStopped, standingStop } from './stop.js';
import { type Notification, tick } from './ticker.js';

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
  const unsubscribe: (() => void)[] = [];

  async function notify({ deviceId, rolloutId, model, shadow }: Notification): Promise<void> {
    try {
      await mustNotBeStopped(services.database.db);
      await services.devices.setDesired(deviceId, { rolloutId, model, ...(shadow && { shadow }) });
    } catch (error) {
      // The desired state still names the old release, so the next pass tells the device again.
      log.warn({ err: error, deviceId, rolloutId }, 'device not told of its rollout');
    }
  }

  async function pass(): Promise<void> {
    const outcome = await tick(services);
    if (!outcome) return;
    for (const notification of outcome.notify) await notify(notification);
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
        await pass();
      }
    })().finally(() => {
      running = null;
    });
    return running;
  }

  const kick = (): void => {
    if (stopped) return;
    run().catch((error: unknown) => log.error({ err: error }, 'rollout tick failed'));
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
      for (const off of unsubscribe.splice(0)) off();
      again = false;
      await running?.catch(() => {});
    },
    tick: run,
  };
}
