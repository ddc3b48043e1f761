import { cpus, totalmem } from 'node:os';
import Type, { type Static } from 'typebox';

/** What `npm run bench -- NAME --json FILE` writes. Every key of the three tables says its unit. */
export const BenchReport = Type.Object({
  name: Type.String(),
  machine: Type.Object({
    cpu: Type.String(),
    cores: Type.Integer(),
    memoryBytes: Type.Integer(),
    node: Type.String(),
    platform: Type.String(),
  }),
  figures: Type.Record(Type.String(), Type.Number(), { description: 'Lineside' }),
  references: Type.Record(Type.String(), Type.Number(), { description: 'Measured in the same run' }),
  ratios: Type.Record(Type.String(), Type.Number(), { description: 'Figure divided by its reference' }),
  skipped: Type.Array(Type.String(), { description: 'What was left out, and the command that mends it' }),
  ok: Type.Boolean({ description: 'Every part ran and nothing was lost; ratios are for people to judge' }),
});
export type BenchReport = Static<typeof BenchReport>;
export type BenchResult = Omit<BenchReport, 'name' | 'machine'>;

const text = { type: 'string' } as const;

/** What a bench may be told on the command line, as `parseArgs` takes it. */
export const benchOptions = {
  data: text,
  'group-by': text,
  'group-gap': text,
  good: text,
  seeds: text,
  'first-seed': text,
  threads: text,
  'per-class': text,
  modes: text,
  alpha: text,
  devices: text,
  database: text,
  frames: text,
  shift: text,
} as const;

export interface BenchContext {
  workDir: string;
  say: (line: string) => void;
  /** Which of them a bench reads is its own matter. */
  options: { [name in keyof typeof benchOptions]?: string | undefined };
}

export interface Bench {
  summary: string;
  run(context: BenchContext): Promise<BenchResult>;
}

export const machine = (): BenchReport['machine'] => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryBytes: totalmem(),
  node: process.version,
  platform: `${process.platform}-${process.arch}`,
});

export const rounded = (value: number): number => Number(value.toPrecision(4));
