import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline as passOn, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { ModelLineage } from '../../features/lineage/schemas.js';
import type { ModelVersion } from '../../features/models/schemas.js';
import type { Call, Command } from '../command.js';
import { percent, promiseInWords } from '../figures.js';
import { modelLineageText } from '../lineage-text.js';
import { columns, type Output } from '../output.js';

const accuracy = ({ balancedAccuracy }: ModelVersion): string =>
  balancedAccuracy === null ? '' : percent(balancedAccuracy);
const role = (model: ModelVersion): string =>
  model.champion ? 'champion' : model.challenger ? 'challenger' : '';

const modelText = (model: ModelVersion): string =>
  columns(
    ['id', model.id],
    [
      ['role', role(model)],
      ['created', model.createdAt],
      ['classes', model.manifest.classes.map(({ id }) => id).join(', ')],
      ['balanced accuracy', accuracy(model)],
      ['decides alone', inWords(model.manifest.decision)],
      ...(model.manifest.decision.byClass ?? []).map((own) => [`… as ${own.classId}`, inWords(own)]),
      ['variants', model.manifest.variants.map(({ name }) => name).join(', ')],
      ['tags', model.tags.join(', ')],
      ['notes', model.notes],
    ],
  );

const inWords = ({ threshold, ...rule }: { threshold: number; alpha: number; method: string }): string =>
  threshold > 1 ? 'never' : `from ${percent(threshold)}, ${promiseInWords(rule)}`;

const pathOf = (id: string): string => `/models/${encodeURIComponent(id)}`;

async function act(
  api: Call['api'],
  output: Output,
  method: string,
  path: string,
  body: object = {},
): Promise<void> {
  const model = await (await api()).request<ModelVersion>(method, path, body);
  output.show(model, () => modelText(model));
}

export const models: readonly Command[] = [
  {
    words: 'models list',
    help: 'newest first',
    async run({ api, output }) {
      const items = await (await api()).listModels();
      output.table({ items }, ['ID', 'ROLE', 'BALANCED ACCURACY', 'MB', 'DEVICES', 'CREATED'], (model) => [
        model.id,
        role(model),
        accuracy(model),
        (model.bytes / 1e6).toFixed(1),
        String(model.devices),
        model.createdAt,
      ]);
    },
  },
  {
    words: 'models show',
    arguments: ['ID'],
    help: 'one model version',
    async run({ api, arguments: [id = ''], output }) {
      const model = await (await api()).getModel(id);
      output.show(model, () => modelText(model));
    },
  },
  {
    words: 'models lineage',
    arguments: ['ID'],
    help: 'the run, the dataset version and the people behind it',
    async run({ api, arguments: [id = ''], output }) {
      const lineage = await (await api()).request<ModelLineage>('GET', `${pathOf(id)}/lineage`);
      output.show(lineage, () => modelLineageText(lineage));
    },
  },
  {
    words: 'models promote',
    arguments: ['ID'],
    help: 'name it the champion; no device runs anything else by that',
    run: ({ api, arguments: [id = ''], output }) => act(api, output, 'POST', `${pathOf(id)}/promote`),
  },
  {
    words: 'models challenge',
    arguments: ['ID'],
    help: 'name it the challenger',
    options: { drop: { help: 'or take that name from it' } },
    run: ({ api, arguments: [id = ''], options, output }) =>
      act(api, output, options.has('drop') ? 'DELETE' : 'POST', `${pathOf(id)}/challenger`),
  },
  {
    words: 'models describe',
    arguments: ['ID'],
    help: 'its notes and tags',
    options: {
      notes: { value: 'TEXT', help: 'in place of its notes' },
      tags: { value: 'TAG,…', help: 'in place of its tags; empty: none' },
    },
    run: ({ api, arguments: [id = ''], options, output }) => {
      const [notes, tags] = [options.text('notes'), options.list('tags')];
      return act(api, output, 'PATCH', pathOf(id), {
        ...(notes !== undefined && { notes }),
        ...(tags && { tags }),
      });
    },
  },
  {
    words: 'models export',
    arguments: ['ID'],
    help: 'a signed package of it, as a file',
    options: { output: { value: 'FILE', help: 'lineside-<ID>.tar by default' } },
    async run({ api, arguments: [id = ''], options, output, signal }) {
      const path = options.text('output') ?? `lineside-${id}.tar`;
      const response = await (await api()).raw('GET', `/models/${encodeURIComponent(id)}/package`, {
        signal,
      });
      const bytes = Number(response.headers.get('content-length') ?? 0);
      const part = `${path}.part`;
      try {
        await pipeline(
          Readable.fromWeb(response.body as ReadableStream),
          output.counting('download', bytes),
          createWriteStream(part),
        );
        await rename(part, path);
      } finally {
        await rm(part, { force: true });
      }
      output.show({ file: path, bytes }, () => path);
    },
  },
  {
    words: 'models import',
    arguments: ['FILE'],
    help: 'register a package of another fleet',
    options: { signer: { value: 'FINGERPRINT', help: 'the fleet that must have signed it' } },
    async run({ api, arguments: [path = ''], options, output, signal }) {
      const { size } = await stat(path);
      const signer = options.text('signer');
      const counter = passOn(createReadStream(path), output.counting('upload', size), () => {});
      const upload = Readable.toWeb(counter);
      const response = await (await api()).raw(
        'POST',
        `/models/packages${signer ? `?signer=${encodeURIComponent(signer)}` : ''}`,
        {
          body: upload as never,
          headers: { 'content-type': 'application/x-tar', 'content-length': String(size) },
          signal,
        },
      );
      const model = (await response.json()) as ModelVersion;
      output.show(model, () => `Registered as ${model.id}.`);
    },
  },
];
