import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { parseByteRange } from '../device-port/byte-range.js';

/** Sends a file, or the range of it that is asked for. The content never changes under its tag, so a download can go on. */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: { path: string; tag: string; type: string },
): Promise<FastifyReply> {
  const { size } = await stat(file.path);
  const tag = `"${file.tag}"`;
  const condition = request.headers['if-range'];
  const range = condition && condition !== tag ? null : parseByteRange(request.headers.range, size);
  reply
    .header('accept-ranges', 'bytes')
    .header('etag', tag)
    .header('cache-control', 'private, max-age=31536000, immutable')
    .type(file.type);
  if (range === 'unsatisfiable') return reply.code(416).header('content-range', `bytes */${size}`).send();
  if (!range) return reply.header('content-length', size).send(createReadStream(file.path));
  return reply
    .code(206)
    .header('content-range', `bytes ${range.start}-${range.end}/${size}`)
    .header('content-length', range.end - range.start + 1)
    .send(createReadStream(file.path, { start: range.start, end: range.end }));
}
