import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { emptyState, type ReconcileState } from '../../src/reconcile/state-file.js';
import { type TinyModelOptions, tinyPackage } from './tiny-model.js';

/** Leaves a state folder as if the tiny model had been rolled out to this device and confirmed. */
export async function installTinyModel(stateDir: string, options: TinyModelOptions = {}): Promise<void> {
  const folder = join(stateDir, 'artifacts');
  await mkdir(folder, { recursive: true });
  const made = await tinyPackage(folder, options);
  const put = async (bytes: Uint8Array): Promise<string> => {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await writeFile(join(folder, sha256), bytes);
    return sha256;
  };
  await put(await readFile(made.modelPath));
  await put(await readFile(made.goldenPath));
  const manifestSha256 = await put(Buffer.from(JSON.stringify(made.manifest)));
  const { version } = made.manifest;
  const state: ReconcileState = {
    ...emptyState,
    highestCounter: 1,
    confirmed: {
      version,
      releaseCounter: 1,
      target: `models/tiny/${version}/1/manifest.json`,
      manifestSha256,
      variant: 'fp32',
    },
  };
  await writeFile(join(stateDir, 'state.json'), JSON.stringify(state));
}
