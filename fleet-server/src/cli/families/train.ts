import type { SweepBody } from '../../features/sweeps/schemas.js';
import type { Command } from '../command.js';
import { sweepCommand } from '../sweep.js';

export const train: readonly Command[] = [
  {
    words: 'train sweep',
    help: 'try architectures and settings on the same splits; * marks the winner, - what left after the cheap rung',
    options: {
      architectures: { value: 'ID,…', help: 'which; all by default' },
      sizes: { value: 'PIXELS,…', help: 'input sizes' },
      modes: { value: 'head,tail', help: 'what is trained' },
      regularisations: { value: 'light,strong', help: 'how strongly the tail is held back' },
      dataset: { value: 'ID', help: 'a dataset version; a new one by default' },
    },
    async run({ api, options, output, signal }) {
      // The server checks the values; its answer names what is wrong.
      const body = JSON.parse(
        JSON.stringify({
          datasetVersionId: options.text('dataset'),
          architectures: options.list('architectures'),
          sizes: options.list('sizes')?.map(Number),
          modes: options.list('modes'),
          regularisations: options.list('regularisations'),
        }),
      ) as SweepBody;
      await sweepCommand(await api(), {
        body,
        json: output.json,
        signal,
        print: (text) => output.print(text),
        say: (line) => output.say(line),
      });
    },
  },
];
