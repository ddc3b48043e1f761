import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureIdentity } from '@lineside/agent/enrol/ensure-identity';
import type { Identity } from '@lineside/agent/enrol/identity';
import { findPostgres, startPostgres } from '@lineside/fleet-server/testing/postgres';
import { ApiClient } from '../system/api-client.js';
import { type Child, messageFrom, startChild } from '../system/child.js';

import { startServer } from '../system/server.js';
import type { PublishOrder } from './ingest-publisher.js';
import { mosquittoBinary, startMosquitto } from './mosquitto.js';
import { type Bench, type BenchResult, rounded } from './report.js';

const cameras = 4;
const warmUpFramesPerCamera = 250;
const framesPerCamera = 1000;
const pictureBytes = 100_000;
const window = 32;
const measured = cameras * framesPerCamera;
const total = cameras * (warmUpFramesPerCamera + framesPerCamera);

const tlsOf = (identity: Identity) => ({
  ca: identity.caPem,
  cert: identity.certificatePem,
  key: identity.keyPem,
});

async function enrol(api: ApiClient, dir: string, count: number): Promise<Identity[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const { token, enrolUrl } = await api.createClaimToken(`bench-${index}`);
      const hardware = { arch: process.arch, model: 'bench' };
      return ensureIdentity({
        stateDir: join(dir, `device-${index}`),
        enrolUrl,
        claimToken: token,
        hardware,
      });
    }),
  );
}

/** Runs the publishers side by side, warmed up. @returns seconds from the first publish to the last frame that counted */
async function measure(
  identities: Identity[],
  workDir: string,
  order: Partial<PublishOrder>,
  last?: Child,
): Promise<number> {
  const publishers = identities.map(() =>
    startChild(new URL('./ingest-publisher.js', import.meta.url), [], {
      logFile: join(workDir, 'publishers.log'),
    }),
  );
  await Promise.all(
    publishers.map((publisher, index) => {
      const identity = identities[index] as Identity;
      const warm = messageFrom(publisher, 'warm', 60_000);
      publisher.process.send({
        url: identity.mqttUrl,
        tls: tlsOf(identity),
        clientId: identity.deviceId,
        warmUpFrames: warmUpFramesPerCamera,
        frames: framesPerCamera,
        pictureBytes,
        window,
        receipts: true,
        ...order,
      } satisfies PublishOrder);
      return warm;
    }),
  );
  const ends = [...publishers, ...(last ? [last] : [])].map((child) => messageFrom(child, 'done', 300_000));
  const start = performance.now();
  for (const publisher of publishers) publisher.process.send({ type: 'go' });
  await Promise.all(ends);
  const seconds = (performance.now() - start) / 1000;
  await Promise.all(publishers.map((publisher) => publisher.exited));
  return seconds;
}

/** One engine: durable frames a second, each counted on its receipt. */
async function lineside(workDir: string, databaseUrl?: string) {
  const server = await startServer({
    dataDir: join(workDir, 'data'),
    ...(databaseUrl ? { databaseUrl } : {}),
  });
  try {
    const api = new ApiClient(server.ready.apiUrl);
    await api.signInByLink(server.ready.signInUrl ?? '');
    const identities = await enrol(api, workDir, cameras);
    const seconds = await measure(identities, workDir, {});
    const stored = (await api.countFrames()).total;
    return { framesPerSecond: measured / seconds, stored, identities, trust: join(workDir, 'data', 'trust') };
  } finally {
    await server.stop();
  }
}

export const ingestBench: Bench = {
  summary: 'durable 100 KB frames a second over MQTT, next to Mosquitto with a subscriber that keeps nothing',
  async run({ workDir, say }) {
    const result: BenchResult = { figures: {}, references: {}, ratios: {}, skipped: [], ok: true };
    const engines = new Map<string, number>();

    const pglite = await lineside(join(workDir, 'pglite'));
    engines.set('pglite', pglite.framesPerSecond);
    result.ok &&= pglite.stored === total;
    say(`PGlite: ${rounded(pglite.framesPerSecond)} durable frames/s, ${pglite.stored} of ${total} stored`);

    if (findPostgres()) {
      const postgres = await startPostgres({ fsync: true });
      try {
        const run = await lineside(join(workDir, 'postgres'), await postgres.createDatabase());
        engines.set('postgres', run.framesPerSecond);
        result.ok &&= run.stored === total;
        say(`Postgres: ${rounded(run.framesPerSecond)} durable frames/s, ${run.stored} of ${total} stored`);
      } finally {
        await postgres.stop();
      }
    } else result.skipped.push('Postgres is not installed: npm run setup:system');

    if (mosquittoBinary()) {
      const [ca, certificate, key] = await Promise.all(
        ['ca.pem', 'server.pem', 'server.key'].map((name) => readFile(join(pglite.trust, name), 'utf8')),
      );
      const mosquitto = await startMosquitto({
        dir: join(workDir, 'mosquitto'),
        ca: ca as string,
        certificate: certificate as string,
        key: key as string,
      });
      const subscriber = startChild(new URL('./mosquitto-subscriber.js', import.meta.url), [], {
        logFile: join(workDir, 'subscriber.log'),
      });
      try {
        const identity = pglite.identities[0] as Identity;
        const connected = messageFrom(subscriber, 'connected', 30_000);
        subscriber.process.send({
          url: mosquitto.url,
          tls: tlsOf(identity),
          clientId: 'subscriber',
          frames: total,
        });
        await connected;
        const seconds = await measure(
          pglite.identities,
          workDir,
          { url: mosquitto.url, receipts: false },
          subscriber,
        );
        const reference = measured / seconds;
        result.references.mosquittoFramesPerSecond = rounded(reference);
        say(`Mosquitto: ${rounded(reference)} frames/s, kept nowhere`);
        for (const [engine, value] of engines)
          result.ratios[`${engine}ToMosquitto`] = rounded(value / reference);
      } finally {
        await subscriber.kill();
        await mosquitto.stop();
      }
    } else result.skipped.push('Mosquitto is not installed: npm run setup:system');

    for (const [engine, value] of engines) result.figures[`${engine}FramesPerSecond`] = rounded(value);
    result.figures.frameBytes = pictureBytes;
    result.figures.framesCount = measured;
    return result;
  },
};
