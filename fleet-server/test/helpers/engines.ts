import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { copyPgliteTemplate, makePgliteTemplate, pgliteTemplateVariable } from './pglite-template.js';
import { findPostgres, startPostgres, type TestPostgres } from './postgres.js';

/** Prepares a data folder for one server or database, and says where its Postgres is, if that is the engine. */
export interface Engine {
  readonly name: 'pglite' | 'postgres';
  /** Why the tests of this engine are skipped, or false. */
  readonly skip: string | false;
  prepare(dataDir: string): Promise<{ url?: string }>;
}

const shared = process.env[pgliteTemplateVariable];
let template: Promise<string> | null = shared ? Promise.resolve(shared) : null;
let cluster: Promise<TestPostgres> | null = null;

t.teardown(async () => {
  if (template && !shared) await rm(await template, { recursive: true, force: true });
  if (cluster) await (await cluster).stop();
});

export const engines: readonly Engine[] = [
  {
    name: 'pglite',
    skip: false,
    async prepare(dataDir) {
      template ??= makePgliteTemplate();
      await copyPgliteTemplate(await template, dataDir);
      return {};
    },
  },
  {
    name: 'postgres',
    skip: findPostgres() ? false : 'Postgres is not installed: npm run setup:system',
    async prepare() {
      cluster ??= startPostgres();
      return { url: await (await cluster).createDatabase() };
    },
  },
];

type Test = typeof t;

/** Runs the same test on PGlite and on Postgres. */
export function onEachEngine(name: string, test: (t: Test, engine: Engine) => Promise<void>): void {
  for (const engine of engines) {
    t.test(`${name} (${engine.name})`, { skip: engine.skip }, (child) => test(child as Test, engine));
  }
}

/** A temporary folder that goes away with the test. */
export async function temporaryFolder(test: Pick<Test, 'teardown'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lineside-test-'));
  test.teardown(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}

/** Waits until the condition gives something; fails after `timeoutMs`. */
export async function until<T>(
  condition: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  what: string,
  timeoutMs = 60_000,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > end) throw new Error(`timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
