import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findPostgres, startPostgres } from '@lineside/fleet-server/testing/postgres';
import { FleetCa } from '@lineside/fleet-server/trust/fleet-ca';
import { type Bench, type BenchResult, rounded } from '../report.js';
import { startBare } from './bare-target.js';
import { Fleet } from './fleet.js';
import { enrolInBulk, type IssuedIdentity } from './identities.js';
import { startLineside } from './lineside-target.js';
import { type Figures, loadAverage, patienceMs, storm, sustain, weigh } from './phases.js';
import { firstModel, stopByItself, tellAll } from './rollouts.js';

const usualDevices = 10_000;
/** So that what devices report is what is measured, not their telemetry. */
const telemetryMs = 60_000;
const offeredPerSecond = 5000;
/** Of a process, beside its connections. */
const sparedDescriptors = 500;
const failing = 20;

/** How many sockets one process may have open. */
async function mostDevices(): Promise<number> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const hard = /^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1];
  return hard ? Number(hard) - sparedDescriptors : Number.POSITIVE_INFINITY;
}

const add = (into: Record<string, number>, figures: Figures): void => {
  for (const [key, value] of Object.entries(figures)) into[key] = rounded(value);
};

export const rolloutBench: Bench = {
  summary: 'a fleet of 10,000 devices over MQTT with TLS: told, idle, cut off, reporting; next to bare aedes',
  async run({ workDir, say, options }) {
    const wanted = Number(options.devices ?? usualDevices);
    const count = Math.min(wanted, await mostDevices());
    const result: BenchResult = { figures: {}, references: {}, ratios: {}, skipped: [], ok: true };
    result.figures.devicesCount = count;
    if (count < wanted)
      result.skipped.push(`${wanted - count} devices: more open files are needed (ulimit -n)`);
    const onPostgres = options.database === 'postgres';
    if (onPostgres && !findPostgres()) throw new Error('Postgres is not installed: npm run setup:system');
    const postgres = onPostgres ? await startPostgres({ fsync: true }) : null;
    try {
      const dataDir = join(workDir, 'data');
      const databaseUrl = (await postgres?.createDatabase()) ?? null;
      await mkdir(dataDir, { recursive: true });
      const ca = await FleetCa.open(join(dataDir, 'trust'));
      const startMs = performance.now();
      const identities = await enrolInBulk(ca, { dataDir, databaseUrl }, count);
      say(`${count} devices enrolled in ${rounded((performance.now() - startMs) / 1000)} s`);
      const { certificatePem: caPem } = ca;
      await tryLineside({ workDir, dataDir, databaseUrl, identities, caPem, say, result });
      await tryBare({ workDir, dataDir, identities, caPem, say, result });
    } finally {
      await postgres?.stop();
    }
    for (const [key, reference] of Object.entries(result.references)) {
      const figure = result.figures[key];
      if (figure !== undefined && reference > 0 && !key.endsWith('LoadAverage'))
        result.ratios[key] = rounded(figure / reference);
    }
    return result;
  },
};

interface Trial {
  workDir: string;
  dataDir: string;
  databaseUrl: string | null;
  identities: IssuedIdentity[];
  caPem: string;
  say: (line: string) => void;
  result: BenchResult;
}

async function tryLineside(trial: Trial): Promise<void> {
  const { workDir, identities, caPem, say, result } = trial;
  const target = await startLineside(trial.dataDir, trial.databaseUrl);
  const fleet = new Fleet(identities, { workDir, caPem, mqttUrl: target.mqttUrl, telemetryMs });
  const note = (figures: Figures) => {
    add(result.figures, figures);
    say(
      `lineside ${JSON.stringify(Object.fromEntries(Object.keys(figures).map((key) => [key, result.figures[key]])))}`,
    );
  };
  try {
    note(await weigh(fleet, target));
    const model = await firstModel(target);
    note(await tellAll(fleet, target, model));
    note(await sustain(fleet, target, offeredPerSecond));
    note(await storm(fleet, target));
    fleet.fail(identities.filter((_identity, at) => at % failing === 0).map(({ deviceId }) => deviceId));
    const stopped = await stopByItself(fleet, target, model);
    note(stopped.figures);
    result.ok &&= stopped.untouched;
  } finally {
    await fleet.stop();
    await target.stop();
  }
}

/** The same fleet on a broker that keeps nothing. */
async function tryBare({
  workDir,
  dataDir,
  identities,
  caPem,
  say,
  result,
}: Omit<Trial, 'databaseUrl'>): Promise<void> {
  const target = await startBare(workDir, join(dataDir, 'trust'));
  const fleet = new Fleet(identities, { workDir, caPem, mqttUrl: target.mqttUrl, telemetryMs });
  const note = (figures: Figures) => {
    add(result.references, figures);
    say(`bare aedes ${JSON.stringify(figures)}`);
  };
  try {
    note(await weigh(fleet, target));
    const startMs = Date.now();
    const model = { version: 'v0', releaseCounter: 1, target: 'none', manifestSha256: '0'.repeat(64) };
    target.tell({ v: 1, revision: 1, model });
    await fleet.until('all to be told', () => fleet.told(1).devices >= fleet.size, patienceMs);
    note({
      desiredToAllSeconds: (fleet.told(1).lastAtMs - startMs) / 1000,
      tellLoadAverage: loadAverage(),
    });
    note(await sustain(fleet, target, offeredPerSecond));
    note(await storm(fleet, target));
  } finally {
    await fleet.stop();
    await target.stop();
  }
}
