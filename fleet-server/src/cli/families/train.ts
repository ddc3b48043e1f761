import type { SweepBody } from '../../features/sweeps/schemas.js';
import type { StartBody } from '../../features/training/service.js';
import type { Command, Options } from '../command.js';
import { UsageError } from '../exit-status.js';
import { followRun } from '../follow-run.js';
import { formatSweep } from '../sweep-table.js';
import { runText } from '../train-text.js';

/** Without what was not given. The server checks the values; its answer names what is wrong. */
const given = <T>(body: { [Name in keyof T]?: unknown }): T => JSON.parse(JSON.stringify(body)) as T;

/** `crack=0.01,scratch=0.02` */
const alphasOf = (options: Options): { classId: string; alpha: number }[] | undefined =>
  options.list('alpha-by-class')?.map((part) => {
    const [classId, alpha, ...more] = part.split('=');
    if (!classId || !alpha || more.length > 0 || Number.isNaN(Number(alpha))) {
      throw new UsageError(`--alpha-by-class: ${part} is not CLASS=SHARE`);
    }
    return { classId, alpha: Number(alpha) };
  });

const sizeOf = (options: Options): 'auto' | number | undefined => {
  const size = options.text('size');
  return size === undefined || size === 'auto' ? size : Number(size);
};

export const train: readonly Command[] = [
  {
    words: 'train start',
    help: 'train a model and follow the run; Ctrl+C cancels it. Ends with 0 when there is a new version',
    options: {
      dataset: { value: 'ID', help: 'a dataset version; a new one by default' },
      mode: { value: 'MODE', help: 'auto, head, tail or whole: what is trained' },
      architecture: { value: 'ID', help: 'the network it starts from' },
      size: { value: 'PIXELS', help: 'input size; auto by default' },
      alpha: { value: 'SHARE', help: 'of what cameras decide alone, at most so many wrong; 0.05 by default' },
      'alpha-by-class': { value: 'CLASS=SHARE,…', help: 'for single classes' },
      changes: { value: 'CHANGE,…', help: 'what augmentation may do; everything by default' },
      regularisation: { value: 'light|strong', help: 'how strongly the tail is held back' },
      trainer: { value: 'builtin|torch', help: 'who fine-tunes' },
      good: { value: 'CLASS', help: 'an anomaly model from the good parts of this class instead' },
      detach: { help: 'only start it' },
    },
    async run({ api: connect, options, output, signal }) {
      const body = given<StartBody>({
        datasetVersionId: options.text('dataset'),
        mode: options.text('mode'),
        architecture: options.text('architecture'),
        inputSize: sizeOf(options),
        alpha: options.number('alpha'),
        alphaByClass: alphasOf(options),
        changes: options.list('changes'),
        regularisation: options.text('regularisation'),
        trainer: options.text('trainer'),
        kind: options.text('good') === undefined ? undefined : 'anomaly',
        goodClassId: options.text('good'),
      });
      const api = await connect();
      const run = await api.startTraining(body);
      if (options.has('detach')) return output.show(run, () => run.id);
      output.say(`Run ${run.number} (${run.id}) on dataset ${run.datasetNumber}`);
      const ended = await followRun(api, run, { output, signal, cancels: true });
      output.show(ended, () => runText(ended));
    },
  },
  {
    words: 'train list',
    help: 'runs, newest first',
    async run({ api, output }) {
      const items = await (await api()).listTrainings();
      output.table({ items }, ['RUN', 'ID', 'KIND', 'STATE', 'DATASET', 'MODEL', 'BY', 'CREATED'], (run) => [
        String(run.number),
        run.id,
        run.kind,
        run.state,
        String(run.datasetNumber),
        run.modelVersionId ?? '',
        run.rule === null ? run.createdBy : `rule ${run.rule}`,
        run.createdAt,
      ]);
    },
  },
  {
    words: 'train show',
    arguments: ['ID'],
    help: 'one run and what its report says',
    async run({ api, arguments: [id = ''], output }) {
      const run = await (await api()).getTraining(id);
      output.show(run, () => runText(run));
    },
  },
  {
    words: 'train watch',
    arguments: ['ID'],
    help: 'follow a run; Ctrl+C leaves it alone',
    async run({ api: connect, arguments: [id = ''], output, signal }) {
      const api = await connect();
      const ended = await followRun(api, await api.getTraining(id), { output, signal, cancels: false });
      output.show(ended, () => runText(ended));
    },
  },
  {
    words: 'train cancel',
    arguments: ['ID'],
    help: 'end a run or a sweep',
    async run({ api, arguments: [id = ''], output }) {
      const run = await (await api()).cancelTraining(id);
      output.show(run, () => `Run ${run.number} is cancelled.`);
    },
  },
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
    async run({ api: connect, options, output, signal }) {
      const body = given<SweepBody>({
        datasetVersionId: options.text('dataset'),
        architectures: options.list('architectures'),
        sizes: options.list('sizes')?.map(Number),
        modes: options.list('modes'),
        regularisations: options.list('regularisations'),
      });
      const api = await connect();
      const run = await api.startSweep(body);
      output.say(`Sweep ${run.number} (${run.id}) on dataset ${run.datasetNumber}`);
      await followRun(api, run, { output, signal, cancels: true });
      const table = await api.getSweep(run.id);
      output.print(output.json ? `${JSON.stringify(table, null, 2)}\n` : formatSweep(table));
    },
  },
];
