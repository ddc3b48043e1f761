import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Architecture } from '../../features/architectures/schemas.js';
import type { Command, Options } from '../command.js';
import { UsageError } from '../exit-status.js';

const added = ({ id, name, state }: Architecture): string => `${id}: ${name}, ${state}.`;

export const architectures: readonly Command[] = [
  {
    words: 'architectures list',
    help: 'networks that a training can start from',
    async run({ api, output }) {
      const answer = await (await api()).request<{ items: Architecture[] }>('GET', '/architectures');
      output.table(answer, ['ID', 'NAME', 'FINE-TUNED', 'PX', 'MB', 'LICENCES'], (each) => [
        each.id,
        each.name,
        each.state,
        String(each.inputSize),
        (each.bytes / 1e6).toFixed(1),
        each.licences.join('; '),
      ]);
    },
  },
  {
    words: 'architectures add',
    arguments: ['FILE'],
    help: 'an ONNX classifier; its head is cut away, and what cannot be fine-tuned is named',
    options: {
      licence: { value: 'TEXT', help: 'of the weights, and where they are from; needed' },
      name: { value: 'NAME', help: 'that of the file by default' },
      normalisation: { value: 'KIND', help: 'imagenet, symmetric or unit: pixels it was trained on' },
      size: { value: 'PIXELS', help: 'where the file leaves it open' },
    },
    async run({ api, arguments: [path = ''], options, output, signal }) {
      const said = {
        name: options.text('name') ?? basename(path, '.onnx'),
        licence: licenceOf(options),
        normalisation: options.text('normalisation'),
        inputSize: options.text('size'),
      };
      const query = new URLSearchParams(
        Object.entries(said).filter((entry): entry is [string, string] => entry[1] !== undefined),
      );
      const bytes = await readFile(path);
      const type = 'application/octet-stream';
      const made = await (await api()).request<Architecture>('POST', `/architectures?${query}`, bytes, {
        type,
        signal,
      });
      output.show(made, () => added(made));
    },
  },
  {
    words: 'architectures add-named',
    arguments: ['NAME'],
    help: 'such as torchvision/resnet18; the PyTorch trainer builds it',
    options: {
      licence: { value: 'TEXT', help: 'of the weights, and where they are from; needed' },
      weights: { value: 'pretrained|random', help: 'pretrained by default' },
    },
    async run({ api, arguments: [architecture = ''], options, output, signal }) {
      const weights = options.text('weights');
      const body = { architecture, licence: licenceOf(options), ...(weights && { weights }) };
      const made = await (await api()).request<Architecture>('POST', '/architectures/by-name', body, {
        signal,
      });
      output.show(made, () => added(made));
    },
  },
  {
    words: 'architectures remove',
    arguments: ['ID'],
    help: 'one that nothing uses',
    async run({ api, arguments: [id = ''], output }) {
      await (await api()).request('DELETE', `/architectures/${encodeURIComponent(id)}`);
      output.show({ id }, () => `${id} is removed.`);
    },
  },
];

function licenceOf(options: Options): string {
  const licence = options.text('licence');
  if (!licence) throw new UsageError('--licence TEXT is needed: of the weights, and where they are from');
  return licence;
}
