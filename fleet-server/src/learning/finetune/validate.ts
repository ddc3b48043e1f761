import { argmax } from '../head/cross-validate.js';
import { letEventsIn } from '../let-events-in.js';
import type { FineTuneInput } from './fine-tune.js';
import { noScaling } from './head-scaling.js';
import type { ValidationRecord } from './progress.js';
import { emptyBatch, type HeadScaling, type Runner } from './runner.js';

/** Answers on the untouched pictures of the validation rows; null where there are none. */
export async function validate(
  runner: Runner,
  input: FineTuneInput,
  scaling: HeadScaling,
  signal: AbortSignal | undefined,
): Promise<ValidationRecord | null> {
  const { validation, labels, head } = input;
  if (validation.length === 0) return null;
  const hits = new Float64Array(head.classes);
  const counts = new Float64Array(head.classes);
  let logLoss = 0;
  const all = new Array<number>(validation.length * head.classes);
  await forwardAll(runner, input, validation, scaling, signal, ({ logits }, slot, position) => {
    const label = labels[validation[position]!]!;
    const row = logits.subarray(slot * head.classes, (slot + 1) * head.classes);
    for (const [k, logit] of row.entries()) all[position * head.classes + k] = logit;
    const top = argmax(row, 0, head.classes);
    counts[label]!++;
    if (top === label) hits[label]!++;
    const highest = row[top]!;
    logLoss +=
      highest - row[label]! + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
  });
  const seen = [...counts.keys()].filter((label) => counts[label]! > 0);
  return {
    accuracy: hits.reduce((sum, count) => sum + count, 0) / validation.length,
    balancedAccuracy: seen.reduce((sum, label) => sum + hits[label]! / counts[label]!, 0) / seen.length,
    logLoss: logLoss / validation.length,
    logits: all,
  };
}

/** Embeddings [rows, d] of untouched pictures under the runner's parameters. */
export async function embeddingsOf(
  runner: Runner,
  input: FineTuneInput,
  rows: Int32Array,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { dimensions } = input.plan;
  const out = new Float32Array(rows.length * dimensions);
  await forwardAll(runner, input, rows, noScaling(dimensions), signal, ({ embeddings }, slot, position) => {
    out.set(embeddings.subarray(slot * dimensions, (slot + 1) * dimensions), position * dimensions);
  });
  return out;
}

type Answers = Awaited<ReturnType<Runner['forward']>>;

async function forwardAll(
  runner: Runner,
  { plan, inputs, head }: FineTuneInput,
  rows: Int32Array,
  scaling: HeadScaling,
  signal: AbortSignal | undefined,
  onRow: (answers: Answers, slot: number, position: number) => void,
): Promise<void> {
  const { crossing } = emptyBatch(plan, head.classes);
  for (let from = 0; from < rows.length; from += plan.batch) {
    const part = rows.subarray(from, from + plan.batch);
    for (const [slot, row] of part.entries()) inputs.read(row, undefined, crossing, slot);
    const answers = await runner.forward(crossing, scaling);
    for (const slot of part.keys()) onRow(answers, slot, from + slot);
    await letEventsIn(signal);
  }
}
