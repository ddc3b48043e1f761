import { setTimeout as pause } from 'node:timers/promises';
import { LinesideError } from '@lineside/shared';
import type { ApiClient } from '../client/api-client.js';
import { type LeakCheck, type LeakPair, leakKinds } from '../features/dataset-leaks/schemas.js';
import type { Call, Command } from './command.js';
import { FoundError, orInterrupted, UsageError } from './exit-status.js';
import { columns } from './output.js';

const pollMs = 500;
const isUnderWay = ({ state }: LeakCheck): boolean => state === 'queued' || state === 'running';

/** The check of a version, started where there is no result yet or another one is asked for. */
async function begin(api: ApiClient, id: string, again: boolean): Promise<LeakCheck> {
  const known = await find(api, id);
  if (known && (isUnderWay(known) || (known.state === 'done' && !again))) return known;
  return api.request<LeakCheck>('POST', `/datasets/${encodeURIComponent(id)}/leaks`, {});
}

async function find(api: ApiClient, id: string): Promise<LeakCheck | undefined> {
  const { items } = await api.request<{ items: LeakCheck[] }>('GET', '/datasets/leaks');
  return items.find(({ datasetId }) => datasetId === id);
}

/** Follows a check to its end. @throws LinesideError with what the server says where it fails or is stopped */
async function follow(
  api: ApiClient,
  begun: LeakCheck,
  { output, signal }: Call,
): Promise<LeakCheck & { found: NonNullable<LeakCheck['found']> }> {
  let check = begun;
  while (isUnderWay(check)) {
    output.bar('leaks', check.progress ?? 0, check.state);
    await pause(pollMs, undefined, { signal }).catch(() => undefined);
    orInterrupted(signal);
    check = (await find(api, begun.datasetId)) ?? check;
  }
  output.endBar();
  if (check.state !== 'done' || !check.found) {
    throw new LinesideError('conflict', check.message ?? `The check was ${check.state}.`);
  }
  return { ...check, found: check.found };
}

const cells = ({ kind, similarity, test, train, linked }: LeakPair): string[] => [
  ...[kind, similarity?.toFixed(3) ?? '', test.frameId, test.classId, test.deviceName],
  ...[train.frameId, train.classId, train.deviceName, linked ? 'yes' : ''],
];
const headings = ['KIND', 'SIMILARITY', 'TEST', 'CLASS', 'DEVICE', 'TRAIN', 'CLASS', 'DEVICE', 'LINKED'];

export const leaksCommand: Command = {
  words: 'datasets leaks',
  arguments: ['ID'],
  help: 'whether the same thing lies on both sides of its split; waits for the check, ends with 6 when there are leaks',
  options: {
    again: { help: 'look again, although there is a result' },
    kind: { value: 'KIND', help: `pairs of one kind alone: ${leakKinds.join(', ')}` },
  },
  async run(call) {
    const { arguments: names, options, output } = call;
    const [id = ''] = names;
    const given = options.text('kind');
    const kind = leakKinds.find((each) => each === given);
    if (given !== undefined && !kind) throw new UsageError(`--kind is one of ${leakKinds.join(', ')}`);
    const api = await call.api();
    const check = await follow(api, await begin(api, id, options.has('again')), call);
    const { found, compared } = check;
    const path = `/datasets/${encodeURIComponent(id)}/leaks/pairs`;
    const pairs: LeakPair[] = [];
    for await (const pair of api.pages<LeakPair>(path, kind ? `&kind=${kind}` : '')) pairs.push(pair);
    const count = kind ? found[kind] : leakKinds.reduce((sum, each) => sum + found[each], 0);
    output.show({ ...check, pairs }, () =>
      count === 0
        ? `${id}: no leaks, ${compared} frames compared by their pictures`
        : columns(headings, pairs.map(cells)),
    );
    if (count === 0) return;
    const parts = leakKinds.filter((each) => found[each] > 0).map((each) => `${found[each]} ${each}`);
    throw new FoundError(`${id}: ${count} test frames have their like in training (${parts.join(', ')})`);
  },
};
