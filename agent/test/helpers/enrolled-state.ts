import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { createTestAuthority } from '../enrol/test-authority.js';
import { identityFor } from '../uplink/test-broker.js';

/** A state folder of an enrolled device, whose fleet server is nowhere unless told where. */
export async function enrolledState(
  test: Test,
  authority: Awaited<ReturnType<typeof createTestAuthority>>,
  mqttUrl = 'mqtts://127.0.0.1:1',
): Promise<string> {
  const stateDir = await mkdtemp(join(tmpdir(), 'lineside-state-'));
  test.teardown(() => rm(stateDir, { recursive: true, force: true, maxRetries: 5 }));
  await mkdir(join(stateDir, 'identity'));
  const identity = await identityFor(authority, 'box-1', mqttUrl);
  await writeFile(join(stateDir, 'identity', 'identity.json'), JSON.stringify(identity));
  return stateDir;
}
