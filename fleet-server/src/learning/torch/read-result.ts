import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import type { FineTuneResult, FitProblem } from '../finetune/fine-tune.js';
import { headParameters, packParameters, parameterGroups } from '../finetune/parameters.js';
import { tunedBackbone } from '../finetune/write-backbone.js';
import { shapeOf, tensor } from '../onnx/proto.js';
import { jobFiles } from './job-folder.js';
import { readSafetensors } from './safetensors.js';

const Result = Type.Object({
  v: Type.Literal(1),
  bestEpoch: Type.Integer({ minimum: 0 }),
  history: Type.Array(
    Type.Object({
      epoch: Type.Integer({ minimum: 0 }),
      loss: Type.Union([Type.Number(), Type.Null()]),
      validation: Type.Union([
        Type.Object({
          accuracy: Type.Number(),
          balancedAccuracy: Type.Number(),
          logLoss: Type.Number(),
          logits: Type.Array(Type.Number()),
        }),
        Type.Null(),
      ]),
    }),
    { minItems: 1 },
  ),
});
const validator = Compile(Result);

/**
 * What a trainer left in a job's folder, as the built-in one gives it: every trained tensor must be there under its name, in
 * its size and finite, and the answers must be as many as was asked for.
 * @throws LinesideError `training_failed`
 */
export async function readTorchResult(folder: string, problem: FitProblem): Promise<FineTuneResult> {
  const { plan, head, validation } = problem;
  const wrong = (why: string) =>
    new LinesideError('training_failed', `the trainer's result is not usable: ${why}`);
  const read = (name: string) =>
    readFile(join(folder, jobFiles.output, name)).catch((error: Error) => {
      throw wrong(error.message);
    });
  const result = parse(await read('result.json'));
  if (!result || result.bestEpoch >= result.history.length) throw wrong('result.json is of another form');
  const answers = validation.length * head.classes;
  const complete = result.history.every((record, epoch) => {
    const given = record.validation;
    return record.epoch === epoch && (answers === 0 ? given === null : given?.logits.length === answers);
  });
  if (!complete) throw wrong('answers on the validation frames are missing');

  const weights = readSafetensors(await read('weights.safetensors'));
  const take = (name: string, shape: readonly number[]) => {
    const values = weights.get(name);
    const size = shape.reduce((product, length) => product * length, 1);
    if (values?.length !== size) throw wrong(`${name} is missing or of another size`);
    if (!values.every(Number.isFinite)) throw wrong(`${name} holds what is not a finite number`);
    return values;
  };
  const groups = parameterGroups(plan.trainable, head, 1);
  const headWeights = take(headParameters.weight, [head.classes, head.dimensions]);
  const bias = take(headParameters.bias, [head.classes]);
  const values = [
    ...plan.trainable.map((own) => tensor(own.name, take(own.name, shapeOf(own)), shapeOf(own))),
    tensor(headParameters.weight, headWeights, [head.classes, head.dimensions]),
    tensor(headParameters.bias, bias, [head.classes]),
  ];
  const packed = packParameters(groups, new Map(values.map((value) => [value.name, value])));
  return {
    backbone: tunedBackbone(plan, groups, packed),
    head: {
      classes: head.classes,
      dimensions: head.dimensions,
      weights: headWeights,
      bias,
      temperature: 1,
    },
    bestEpoch: result.bestEpoch,
    history: result.history,
  };
}

function parse(bytes: Uint8Array): Static<typeof Result> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return validator.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
