import {
  type ChangedFrame,
  changeKinds,
  type DatasetDifference,
} from '../../features/dataset-versions/schemas.js';
import type { Command } from '../command.js';
import { csvLine } from '../csv.js';
import { leaksCommand } from '../dataset-leaks.js';
import { changedLines, describeDifference, describeVersion } from '../dataset-text.js';

interface Item {
  frameId: string;
  classId: string;
}

export const datasets: readonly Command[] = [
  {
    words: 'datasets list',
    help: 'newest first',
    async run({ api, output }) {
      const items = await (await api()).listDatasets();
      output.table(
        { items },
        ['ID', 'NUMBER', 'FRAMES', 'CLASSES', 'CREATED', 'BY', 'SHA-256'],
        (dataset) => [
          dataset.id,
          String(dataset.number),
          String(dataset.frames),
          String(dataset.classes.length),
          dataset.createdAt,
          dataset.createdBy,
          dataset.sha256.slice(0, 12),
        ],
      );
    },
  },
  {
    words: 'datasets show',
    arguments: ['ID'],
    help: 'its hash, its frames by class and split, and which runs and models learned from it',
    async run({ api, arguments: [id = ''], output }) {
      const client = await api();
      const dataset = await client.dataset(id);
      const uses = await client.datasetUses(id);
      output.show({ ...dataset, uses }, () => describeVersion(dataset, uses));
    },
  },
  {
    words: 'datasets diff',
    arguments: ['FROM', 'TO'],
    help: 'what came, went and changed between two versions; with --frames, the frames themselves',
    options: {
      frames: { value: 'KIND', help: `one of ${changeKinds.join(', ')}: as CSV, or a JSON object a line` },
    },
    async run({ api, arguments: [from = '', to = ''], options, output }) {
      const client = await api();
      const path = `/datasets/${encodeURIComponent(from)}/difference/${encodeURIComponent(to)}`;
      const kind = options.text('frames');
      if (kind === undefined) {
        const difference = await client.request<DatasetDifference>('GET', path);
        return output.show(difference, () => describeDifference(difference));
      }
      const frames = client.pages<ChangedFrame>(`${path}/frames`, `&kind=${encodeURIComponent(kind)}`);
      for await (const line of changedLines(frames, output.json)) output.print(line);
    },
  },
  leaksCommand,
  {
    words: 'datasets snapshot',
    help: 'a version of the labels as they are now; the same labels give the same version',
    async run({ api, output }) {
      const dataset = await (await api()).createDataset();
      output.show(dataset, () => `${dataset.id}: version ${dataset.number}, ${dataset.frames} frames.`);
    },
  },
  {
    words: 'datasets export',
    arguments: ['ID'],
    help: 'its frames with their labels and splits, as CSV or one JSON object a line',
    async run({ api, arguments: [id = ''], output }) {
      let names: string[] | null = null;
      for await (const item of (await api()).pages<Item>(`/datasets/${encodeURIComponent(id)}/items`)) {
        if (output.json) {
          output.print(`${JSON.stringify(item)}\n`);
          continue;
        }
        if (!names) {
          names = Object.keys(item);
          output.print(csvLine(names));
        }
        const values = item as unknown as Record<string, unknown>;
        output.print(csvLine(names.map((name) => String(values[name] ?? ''))));
      }
    },
  },
];
