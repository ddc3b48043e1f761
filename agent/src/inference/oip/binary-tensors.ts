import { LinesideError } from '@lineside/shared';
import type { InferOrder, OutputTensor } from './transport.js';

/** How long the JSON in front of the tensors is; the bytes of the tensors follow it. */
export const headerLengthName = 'inference-header-content-length';

/** The JSON of a request whose one input follows as bytes, and whose outputs are to come as bytes. */
export const encodeTensor = ({ input, shape, data, outputs }: InferOrder): Buffer =>
  Buffer.from(
    JSON.stringify({
      inputs: [{ name: input, datatype: 'UINT8', shape, parameters: { binary_data_size: data.length } }],
      outputs: outputs.map((name) => ({ name, parameters: { binary_data: true } })),
    }),
  );

interface OutputHeader {
  name?: unknown;
  datatype?: unknown;
  data?: unknown;
  parameters?: { binary_data_size?: unknown };
}

/**
 * The outputs of a response. An engine may ignore the wish for bytes and answer with JSON numbers: both are read.
 * @param headerLength length of the JSON in bytes; null: all of it
 * @throws LinesideError `inference_failed` when the response is malformed
 */
export function decodeTensors(body: Buffer, headerLength: number | null): Map<string, OutputTensor> {
  let outputs: OutputHeader[];
  const end = headerLength ?? body.length;
  try {
    ({ outputs } = JSON.parse(body.toString('utf8', 0, end)) as { outputs: OutputHeader[] });
    if (!Array.isArray(outputs)) throw new Error('there are no outputs');
  } catch (error) {
    throw malformed((error as Error).message);
  }
  const tensors = new Map<string, OutputTensor>();
  let offset = end;
  for (const { name, datatype, data, parameters } of outputs) {
    if (typeof name !== 'string' || typeof datatype !== 'string') throw malformed('an output has no name');
    const size = parameters?.binary_data_size;
    if (typeof size === 'number') {
      if (!Number.isInteger(size) || size < 0 || offset + size > body.length)
        throw malformed(`${name} is cut`);
      tensors.set(name, { datatype, data: body.subarray(offset, offset + size) });
      offset += size;
    } else {
      if (!Array.isArray(data)) throw malformed(`${name} has no data`);
      const floats = Float32Array.from(data.flat(Number.POSITIVE_INFINITY) as number[]);
      tensors.set(name, { datatype, data: Buffer.from(floats.buffer) });
    }
  }
  return tensors;
}

const malformed = (what: string): LinesideError =>
  new LinesideError('inference_failed', `the inference server's answer cannot be read: ${what}`);
