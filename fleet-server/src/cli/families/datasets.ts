import type { Command } from '../command.js';
import { csvLine } from '../csv.js';

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
      output.table({ items }, ['ID', 'NUMBER', 'FRAMES', 'CLASSES', 'CREATED', 'BY'], (dataset) => [
        dataset.id,
        String(dataset.number),
        String(dataset.frames),
        String(dataset.classes.length),
        dataset.createdAt,
        dataset.createdBy,
      ]);
    },
  },
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
