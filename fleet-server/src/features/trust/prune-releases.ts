import { isNull, notInArray } from 'drizzle-orm';
import { devices, rollouts } from '../../db/schema.js';
import { repeated } from '../../jobs/repeated.js';
import type { Services } from '../../services.js';
import type { Background } from '../product.js';

const dayMs = 86_400_000;
/** So many of the latest releases stay signed whether or not a device asks for them. */
const keptReleases = 50;

interface Desired {
  model?: { target?: string } | null;
  shadow?: { model?: { target?: string } } | null;
}

/**
 * Takes releases out of the signed targets that no device is told to run and no rollout that is under way hands out.
 * @returns how many
 */
export async function pruneReleases({ database: { db }, artifacts }: Services): Promise<number> {
  const fleet = await db.select({ desired: devices.desired }).from(devices).where(isNull(devices.revokedAt));
  const told = new Set(
    fleet.flatMap(({ desired }) => {
      const { model, shadow } = (desired ?? {}) as Desired;
      return [model?.target, shadow?.model?.target];
    }),
  );
  const underWay = await db
    .select({ counter: rollouts.releaseCounter })
    .from(rollouts)
    .where(notInArray(rollouts.state, ['finished', 'aborted', 'rolled_back']));
  const handedOut = new Set(underWay.map(({ counter }) => counter));
  const counterOf = (path: string): number => Number(/\/(\d+)\/manifest\.json$/.exec(path)?.[1]);
  const newest = Math.max(0, ...(await artifacts.targets()).map(counterOf).filter(Number.isFinite));
  return artifacts.prune((path) => {
    const counter = counterOf(path);
    return !(counter <= newest - keptReleases) || told.has(path) || handedOut.has(counter);
  });
}

export const createTrustBackground = (services: Services, intervalMs = dayMs): Background =>
  repeated(intervalMs, () => pruneReleases(services), {
    log: services.log,
    failed: 'old releases were not taken out',
  });
