import Type, { type Static } from 'typebox';
import { normalisations } from '../architecture/preparations.js';
import { Tunable } from '../architecture/tunable.js';
import { WrittenFile } from '../package-files.js';
import { Count, closed } from './types.js';

export const BackboneFile = Type.Object(
  {
    name: Type.String(),
    space: Type.String(),
    path: Type.String(),
    inputSize: Type.Integer({ minimum: 1 }),
    dimensions: Type.Integer({ minimum: 1 }),
    licences: Type.ReadonlyType(Type.Array(Type.String())),
    fixedSize: Type.Optional(Type.Boolean({ description: 'Takes pictures of its own size only' })),
    headOnly: Type.Optional(Type.String({ description: 'Why its tail cannot be fine-tuned' })),
  },
  closed,
);

export const ArchitectureInput = Type.Object(
  {
    path: Type.String({ description: 'The ONNX file as it was uploaded' }),
    name: Type.String(),
    inputSize: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Pixels, where the file leaves it open' }),
    ),
    normalisation: Type.Enum(normalisations),
    outputDir: Type.String(),
  },
  closed,
);
export type ArchitectureInput = Static<typeof ArchitectureInput>;

export const CheckedArchitecture = Type.Object(
  {
    file: WrittenFile,
    inputSize: Type.Integer({ minimum: 1 }),
    dimensions: Type.Integer({ minimum: 1 }),
    head: Type.String({ description: 'The node that was cut away' }),
    opset: Type.Integer(),
    operators: Type.Array(Type.String()),
    parameters: Count,
    resizable: Type.Boolean({ description: 'Takes pictures of other sizes with the same weights' }),
    tunable: Tunable,
  },
  closed,
);
export type CheckedArchitecture = Static<typeof CheckedArchitecture>;
