import { randomUUID } from 'node:crypto';
import { LinesideError } from '@lineside/shared';
import type { ApiClient } from '../../client/api-client.js';
import type { ClassChange, ClassEffects } from '../../features/classes/schemas.js';
import type { Command, Option } from '../command.js';

const dryRun: Readonly<Record<string, Option>> = {
  'dry-run': { help: 'only say what it would touch' },
};

const found = async (api: ApiClient, named: string) => {
  const items = await api.listClasses();
  const item = items.find(({ name }) => name === named) ?? items.find(({ id }) => id === named);
  if (!item) throw new LinesideError('class_unknown', `There is no class ${named}.`);
  return item;
};

const effects = (api: ApiClient, id: string) =>
  api.request<ClassEffects>('GET', `/classes/${encodeURIComponent(id)}/effects`);
const change = (api: ApiClient, path: string, body: Record<string, unknown>) =>
  api.request<ClassChange>('POST', path, { requestId: randomUUID(), ...body });
const pathOf = (id: string, verb: string) => `/classes/${encodeURIComponent(id)}/${verb}`;

const touched = ({ frames, boxes, devices }: ClassEffects): string =>
  `${frames} labelled frames, ${boxes} with boxes, ${devices.length} devices whose outputs name it` +
  `${devices.length > 0 ? ` (${devices.map(({ name }) => name).join(', ')})` : ''}.`;

export const classes: readonly Command[] = [
  {
    words: 'classes list',
    help: 'in the order of their keys',
    async run({ api, output }) {
      const items = await (await api()).listClasses();
      output.table({ items }, ['ID', 'NAME', 'LABELS', 'CALLED BEFORE'], (item) => [
        item.id,
        item.name,
        String(item.labels),
        item.formerNames.join(', '),
      ]);
    },
  },
  {
    words: 'classes add',
    arguments: ['NAME'],
    help: 'at the end',
    async run({ api, arguments: [name = ''], output }) {
      const item = await (await api()).createClass(name);
      output.show(item, () => `${item.id}: ${item.name}.`);
    },
  },
  {
    words: 'classes rename',
    arguments: ['CLASS', 'NAME'],
    help: 'labels follow; dataset versions and models keep the old name',
    async run({ api: connect, arguments: [named = '', name = ''], output }) {
      const api = await connect();
      const { id } = await found(api, named);
      const done = await change(api, pathOf(id, 'rename'), { name });
      output.show(done, () => `${done.summary}.`);
    },
  },
  {
    words: 'classes merge',
    arguments: ['CLASS', 'INTO'],
    help: 'frames and boxes of the first get the second',
    options: dryRun,
    async run({ api: connect, arguments: [named = '', into = ''], options, output }) {
      const api = await connect();
      const { id } = await found(api, named);
      const target = await found(api, into);
      if (options.has('dry-run')) {
        const would = await effects(api, id);
        return output.show(would, () => touched(would));
      }
      const done = await change(api, pathOf(id, 'merge'), { into: target.id });
      output.show(done, () => `${done.summary}.`);
    },
  },
  {
    words: 'classes split',
    arguments: ['CLASS', 'NAMES'],
    help: 'into new ones, names between commas; its frames wait to be labelled anew',
    options: dryRun,
    async run({ api: connect, arguments: [named = '', names = ''], options, output }) {
      const api = await connect();
      const { id } = await found(api, named);
      if (options.has('dry-run')) {
        const would = await effects(api, id);
        return output.show(would, () => touched(would));
      }
      const into = names.split(',').map((name) => name.trim());
      const done = await change(api, pathOf(id, 'split'), { into });
      output.show(done, () => `${done.summary}.`);
    },
  },
  {
    words: 'classes history',
    help: 'what was done to the classes, newest first',
    async run({ api, output }) {
      const { items } = await (await api()).request<{ items: ClassChange[] }>('GET', '/class-changes');
      output.table({ items }, ['ID', 'WHEN', 'WHO', 'WHAT', 'UNDO'], (item) => [
        item.id,
        item.at,
        item.author,
        item.summary,
        item.settled === null ? 'possible' : '',
      ]);
    },
  },
  {
    words: 'classes undo',
    arguments: ['ID'],
    help: 'take back a merge, or a split of which nothing has been labelled yet',
    async run({ api, arguments: [id = ''], output }) {
      const done = await change(await api(), `/class-changes/${encodeURIComponent(id)}/undo`, {});
      output.show(done, () => `${done.summary}.`);
    },
  },
];
