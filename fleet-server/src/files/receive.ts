import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { LinesideError } from '@lineside/shared';
import { toStorageError } from './errno.js';

export const tooLarge = (maxBytes: number) =>
  new LinesideError('payload_too_large', `A model file may have ${maxBytes} bytes.`);

/** Writes the body to a file as it comes. */
export async function receive(
  body: Readable,
  path: string,
  maxBytes: number,
): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  const handle = await open(path, 'wx', 0o640);
  let bytes = 0;
  try {
    // A refused body is drained below: destroying it would cut the connection before the answer.
    for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes);
      hash.update(chunk);
      await handle.write(chunk);
    }
  } catch (error) {
    if (body.errored) throw new LinesideError('request_invalid', 'The upload broke off.', { cause: error });
    throw toStorageError(error);
  } finally {
    body.resume();
    await handle.close();
  }
  if (bytes === 0) throw new LinesideError('model_invalid', 'The file is empty.');
  return { sha256: hash.digest('hex'), bytes };
}
