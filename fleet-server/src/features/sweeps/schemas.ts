import Type, { type Static } from 'typebox';
import { IdParams } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { regularisationNames } from '../../learning/finetune/options.js';
import { SweepReport, SweepRow, sweepModes } from '../../learning/sweep/report.js';
import { TrainingRun } from '../training/schemas.js';

const several = <T extends Type.TSchema>(item: T, most: number, description: string) =>
  Type.Optional(Type.Array(item, { minItems: 1, maxItems: most, uniqueItems: true, description }));

export const SweepGrid = {
  architectures: several(Type.String({ maxLength: 64 }), 12, 'Default: all there are'),
  sizes: several(
    Type.Integer({ minimum: 1 }),
    4,
    'Height and width in pixels, multiples of 32. Default: the native size, and larger ones that the pictures fill',
  ),
  modes: several(Type.Enum(sweepModes), 2, 'Default: head and tail'),
  regularisations: several(Type.Enum(regularisationNames), 2, 'Of the tail. Default: light and strong'),
};

export const startSweep = defineRoute({
  method: 'POST',
  url: '/training/sweeps',
  tag: 'training',
  summary:
    'Try architectures, input sizes, head and tail on the same splits by successive halving: a training run of kind ' +
    '`sweep`, with a table instead of a model',
  access: 'engineer',
  status: 201,
  body: Type.Object({ datasetVersionId: Type.Optional(Type.String()), ...SweepGrid }),
  response: TrainingRun,
});
export type SweepBody = {
  datasetVersionId?: string;
  architectures?: string[];
  sizes?: number[];
  modes?: ('head' | 'tail')[];
  regularisations?: ('light' | 'strong')[];
};

export const MeasuredRow = Type.Object({
  ...SweepRow.properties,
  int8: Type.Array(
    Type.Object({
      modelVersionId: Type.String(),
      deviceClass: Type.String(),
      accuracyLost: Type.Union([Type.Number(), Type.Null()], {
        description: 'Float less 8-bit; null: unlabelled',
      }),
      n: Type.Integer({ minimum: 0 }),
    }),
    { description: 'Of models trained like this row; empty: not made' },
  ),
  latency: Type.Array(
    Type.Object({
      modelVersionId: Type.String(),
      deviceId: Type.String(),
      hardware: Type.String(),
      variant: Type.String(),
      backend: Type.String(),
      threads: Type.Integer(),
      p50Ms: Type.Number(),
    }),
    {
      description:
        'Benchmarks on devices of models of this architecture and size, newest first; empty: not measured',
    },
  ),
});
export type MeasuredRow = Static<typeof MeasuredRow>;

export const SweepTable = Type.Object({
  rungs: SweepReport.properties.rungs,
  winner: SweepReport.properties.winner,
  rows: Type.Array(MeasuredRow),
});
export type SweepTable = Static<typeof SweepTable>;

export const getSweep = defineRoute({
  method: 'GET',
  url: '/training/runs/:id/sweep',
  tag: 'training',
  summary: 'Table of a sweep, with what devices measured since; `conflict` before it has ended',
  access: 'viewer',
  params: IdParams,
  response: SweepTable,
});
