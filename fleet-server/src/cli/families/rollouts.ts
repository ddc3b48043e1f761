import { setTimeout as pause } from 'node:timers/promises';
import { LinesideError } from '@lineside/shared';
import type { ApiClient } from '../../client/api-client.js';
import type { FleetStop, Rollout, RolloutPreview } from '../../features/rollouts/schemas.js';
import type { Call, Command } from '../command.js';
import { orInterrupted } from '../exit-status.js';
import { columns } from '../output.js';
import { planned, planOptions } from '../rollout-plan.js';

const pollMs = 1000;
/** A rollout that does not move any more by itself. */
const atRest = new Set<Rollout['state']>(['finished', 'aborted', 'rolled_back', 'paused']);

const counted = (rollout: Rollout, what: 'devices' | 'confirmed' | 'failed'): number =>
  rollout.groups.reduce((sum, group) => sum + group[what], 0);

const inShort = (rollout: Rollout): string =>
  `${rollout.id}: ${rollout.state}, ${counted(rollout, 'confirmed')} of ${counted(rollout, 'devices')} confirmed, ${counted(rollout, 'failed')} failed${rollout.reason ? `. ${rollout.reason}` : ''}`;

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
    options: { ...planOptions, start: { help: 'at once, unless somebody else has to approve it' } },
    async run({ api, arguments: [model = ''], options, output }) {
      const body = { ...(await planned(options, model)), ...(options.has('start') ? { start: true } : {}) };
      const rollout = await (await api()).request<Rollout>('POST', '/rollouts', body);
      output.show(rollout, () => inShort(rollout));
    },
  },
  {
    words: 'rollouts preview',
    arguments: ['MODEL'],
    help: 'which devices it would go to, in which groups; nothing is staged',
    options: planOptions,
    async run({ api, arguments: [model = ''], options, output }) {
      const body = await planned(options, model);
      const preview = await (await api()).request<RolloutPreview>('POST', '/rollouts/preview', body);
      const { devices, online, running, widest, groups } = preview;
      output.show(preview, () =>
        [
          `${devices} ${devices === 1 ? 'device' : 'devices'}, ${online} online, ${running} with it already`,
          columns(
            ['GROUP', 'DEVICES', 'FIRST'],
            groups.map((group) => [group.name, String(group.devices), group.names.join(', ')]),
          ),
          ...(widest ? ['refused: its first group is more than the rules allow at once'] : []),
        ].join('\n'),
      );
    },
  },
  {
    words: 'rollouts stop-fleet',
    arguments: ['REASON'],
    help: 'emergency stop: no device is told of a model, a challenger or settings',
    async run({ api, arguments: [reason = ''], output }) {
      const answer = await (await api()).request<{ stop: FleetStop }>('POST', '/rollouts/stop', { reason });
      output.show(answer, () => `The fleet is stopped: ${answer.stop.reason}`);
    },
  },
  {
    words: 'rollouts let-go-on',
    help: 'lift the emergency stop; rollouts that were running continue',
    async run({ api, output }) {
      const answer = await (await api()).request<{ stop: null }>('POST', '/rollouts/stop/lift', {});
      output.show(answer, () => 'The fleet goes on.');
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
