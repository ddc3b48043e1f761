import { readFile } from 'node:fs/promises';
import type { Strategy } from '../features/rollouts/plan.js';
import type { Selection } from '../features/rollouts/selection.js';
import type { Option, Options } from './command.js';
import { UsageError } from './exit-status.js';

/** Which devices, and in which groups. */
export const planOptions: Readonly<Record<string, Option>> = {
  canaries: { value: 'N', help: 'devices of the first group' },
  confirmations: { value: 'N', help: 'of them before the soak; all by default' },
  soak: { value: 'SECONDS', help: '600 by default' },
  shadow: { value: 'N', help: 'devices that run it in the shadow before they switch' },
  'shadow-seconds': { value: 'N', help: 'at least so long; 3600 by default' },
  observations: { value: 'N', help: 'in the shadow, at least; 30 by default' },
  disagreement: { value: 'SHARE', help: 'in the shadow, at most; 0.05 by default' },
  sites: { value: 'SITE,…', help: 'only devices at one of these' },
  tags: { value: 'TAG,…', help: 'only devices with one of these' },
  hardware: { value: 'NAME,…', help: 'only this architecture or model' },
  share: { value: 'SHARE', help: 'of them, by a stable hash of their id' },
  devices: { value: 'ID,…', help: 'only these' },
  'join-late': { help: 'devices that come to fit while it runs join its last group' },
  plan: { value: 'FILE', help: 'JSON with the fields of POST /rollouts' },
};

function strategyOf(options: Options): Strategy {
  const canaries = options.number('canaries');
  const devices = options.number('shadow');
  const soakSeconds = options.number('soak') ?? 600;
  if (devices !== undefined) {
    return {
      ...{ kind: 'shadow_first', devices, soakSeconds },
      seconds: options.number('shadow-seconds') ?? 3600,
      observations: options.number('observations') ?? 30,
      disagreement: options.number('disagreement') ?? 0.05,
    };
  }
  if (canaries === undefined) return { kind: 'all_at_once' };
  return {
    ...{ kind: 'canary', canaries, soakSeconds },
    confirmations: options.number('confirmations') ?? canaries,
  };
}

function selectionOf(options: Options): Selection | undefined {
  const share = options.number('share');
  const lists = { sites: 'sites', tags: 'tags', hardware: 'hardware', deviceIds: 'devices' };
  const selection: Selection = {
    ...Object.fromEntries(
      Object.entries(lists).flatMap(([field, name]) => {
        const list = options.list(name);
        return list ? [[field, list]] : [];
      }),
    ),
    ...(share === undefined ? {} : { share }),
    ...(options.has('join-late') ? { lateJoiners: 'join' } : {}),
  };
  return Object.keys(selection).length > 0 ? selection : undefined;
}

/** The body of `POST /rollouts` and of its preview, as the options say it. @throws UsageError where the file is none */
export async function planned(options: Options, modelVersionId: string): Promise<object> {
  const file = options.text('plan');
  let plan: object = {};
  try {
    if (file) plan = JSON.parse(await readFile(file, 'utf8')) as object;
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
  const selection = selectionOf(options);
  return { strategy: strategyOf(options), ...plan, modelVersionId, ...(selection ? { selection } : {}) };
}
