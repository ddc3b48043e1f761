import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../src/db/open.js';

/** Names the folder with the template that all test processes of one run share. */
export const pgliteTemplateVariable = 'LINESIDE_TEST_PGLITE';

/**
 * Making a PGlite folder takes seconds and copying one does not.
 * @returns a data folder with a database that has its tables and is closed
 */
export async function makePgliteTemplate(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lineside-pglite-'));
  const database = await openDatabase({ dataDir: folder });
  await database.close();
  return folder;
}

/** Gives a new data folder the database of a template. */
export async function copyPgliteTemplate(template: string, dataDir: string): Promise<void> {
  await cp(join(template, 'pglite'), join(dataDir, 'pglite'), { recursive: true });
}
