import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { LinesideError } from '@lineside/shared';
import type { ApiClient } from '../../client/api-client.js';
import type { Rollout } from '../../features/rollouts/schemas.js';
import type { Call, Command, Options } from '../command.js';
import { orInterrupted, UsageError } from '../exit-status.js';
import { columns } from '../output.js';

const pollMs = 1000;
/** A rollout that does not move any more by itself. */
const atRest = new Set<Rollout['state']>(['finished', 'aborted', 'rolled_back', 'paused']);

const counted = (rollout: Rollout, what: 'devices' | 'confirmed' | 'failed'): number =>
  rollout.groups.reduce((sum, group) => sum + group[what], 0);

const inShort = (rollout: Rollout): string =>
  `${rollout.id}: ${rollout.state}, ${counted(rollout, 'confirmed')} of ${counted(rollout, 'devices')} confirmed, ${counted(rollout, 'failed')} failed${rollout.reason ? `. ${rollout.reason}` : ''}`;

function strategyOf(options: Options): object {
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

async function planned(options: Options, modelVersionId: string): Promise<object> {
  const file = options.text('plan');
  let plan: object = {};
  try {
    if (file) plan = JSON.parse(await readFile(file, 'utf8')) as object;
  } catch (error) {
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
  const deviceIds = options.list('devices');
  return {
    strategy: strategyOf(options),
    ...plan,
    modelVersionId,
    ...(deviceIds ? { deviceIds } : {}),
    ...(options.has('start') ? { start: true } : {}),
  };
}

/** Follows a rollout until it rests. @throws LinesideError `rollout_state` when it did not finish */
async function watch(api: ApiClient, id: string, { output, signal }: Call): Promise<void> {
  let said = '';
  for (;;) {
    const { rollout } = await api.getRollout(id);
    const devices = counted(rollout, 'devices');
    output.bar(
      `rollout ${rollout.number}`,
      devices > 0 ? counted(rollout, 'confirmed') / devices : 0,
      rollout.state,
    );
    const state = inShort(rollout);
    if (rollout.state === 'finished') {
      output.endBar();
      return output.show(rollout, () => state);
    }
    if (atRest.has(rollout.state)) throw new LinesideError('rollout_state', state);
    if (rollout.state !== said) output.say(state);
    said = rollout.state;
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
    orInterrupted(signal);
  }
}

const action = (
  word: 'start' | 'pause' | 'resume' | 'abort' | 'roll-back' | 'approve',
  help: string,
): Command => ({
  words: `rollouts ${word}`,
  arguments: ['ID'],
  help,
  async run({ api, arguments: [id = ''], output }) {
    const rollout = await (await api()).rolloutAction(id, word);
    output.show(rollout, () => inShort(rollout));
  },
});

export const rollouts: readonly Command[] = [
  {
    words: 'rollouts list',
    help: 'newest first',
    async run({ api, output }) {
      const items = await (await api()).listRollouts();
      output.table({ items }, ['ID', 'MODEL', 'STATE', 'CONFIRMED', 'FAILED', 'CREATED', 'BY'], (rollout) => [
        rollout.id,
        rollout.modelVersionId,
        rollout.state,
        `${counted(rollout, 'confirmed')}/${counted(rollout, 'devices')}`,
        String(counted(rollout, 'failed')),
        rollout.createdAt,
        rollout.createdBy,
      ]);
    },
  },
  {
    words: 'rollouts show',
    arguments: ['ID'],
    help: 'one rollout with every device in it, and what happened when',
    async run({ api, arguments: [id = ''], output }) {
      const detail = await (await api()).getRollout(id);
      output.show(detail, () =>
        [
          inShort(detail.rollout),
          columns(
            ['GROUP', 'DEVICE', 'STATE', 'CODE', 'MESSAGE'],
            detail.executions.map((execution) => [
              String(execution.group),
              execution.deviceName,
              execution.state,
              execution.code ?? '',
              execution.message ?? '',
            ]),
          ),
          columns(
            ['AT', 'WHAT', 'FROM', 'TO', 'BY', 'REASON'],
            detail.events.map(({ at, group, from, to, by, reason }) => [
              at,
              group === null ? 'rollout' : (detail.rollout.groups[group]?.name ?? `group ${group}`),
              from ?? '',
              to,
              by,
              reason ?? '',
            ]),
          ),
        ].join('\n\n'),
      );
    },
  },
  {
    words: 'rollouts create',
    arguments: ['MODEL'],
    help: 'stage a model version: for all at once, for canaries first, or in the shadow first',
    options: {
      canaries: { value: 'N', help: 'devices of the first group' },
      confirmations: { value: 'N', help: 'of them before the soak; all by default' },
      soak: { value: 'SECONDS', help: '600 by default' },
      shadow: { value: 'N', help: 'devices that run it in the shadow before they switch' },
      'shadow-seconds': { value: 'N', help: 'at least so long; 3600 by default' },
      observations: { value: 'N', help: 'in the shadow, at least; 30 by default' },
      disagreement: { value: 'SHARE', help: 'in the shadow, at most; 0.05 by default' },
      devices: { value: 'ID,…', help: 'only these' },
      plan: { value: 'FILE', help: 'JSON with the fields of POST /rollouts' },
      start: { help: 'at once, unless somebody else has to approve it' },
    },
    async run({ api, arguments: [model = ''], options, output }) {
      const rollout = await (await api()).request<Rollout>(
        'POST',
        '/rollouts',
        await planned(options, model),
      );
      output.show(rollout, () => inShort(rollout));
    },
  },
  action('approve', 'let a rollout that somebody else staged be started'),
  action('start', 'start a rollout that is ready'),
  action('pause', 'start no further group'),
  action('resume', 'go on after a pause'),
  action('abort', 'stop; devices keep what they run'),
  action('roll-back', 'give every touched device the version it ran before, under a new release counter'),
  {
    words: 'rollouts watch',
    arguments: ['ID'],
    help: 'follow it; ends with 0 when it is finished, with 1 when it was stopped',
    async run(call) {
      await watch(await call.api(), call.arguments[0] ?? '', call);
    },
  },
];
