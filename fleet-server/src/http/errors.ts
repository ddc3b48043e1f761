import { LinesideError, toLinesideError } from '@lineside/shared';
import type { FastifyError, FastifyInstance } from 'fastify';

/** Fastify's own refusals, and failures of Postgres' connection, under our codes. */
function coded(error: FastifyError): LinesideError {
  if (error instanceof LinesideError) return error;
  if (error.validation) return new LinesideError('request_invalid', error.message, { cause: error });
  switch (error.statusCode) {
    case 400:
      return new LinesideError('request_invalid', error.message, { cause: error });
    case 404:
      return new LinesideError('not_found', error.message, { cause: error });
    case 413:
      return new LinesideError('payload_too_large', error.message, { cause: error });
    case 415:
      return new LinesideError('image_unsupported', error.message, { cause: error });
    case 429:
      return new LinesideError('rate_limited', error.message, { cause: error });
    default:
      return toLinesideError(error);
  }
}

/** One shape for every failure; the text of an unexpected one stays in the log. */
export function registerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = coded(error);
    if (known.status >= 500) request.log.error({ err: error }, 'request failed');
    const message = known.code === 'internal' ? known.title : known.message;
    return reply
      .code(known.status)
      .type('application/json; charset=utf-8')
      .serializer((body: unknown) => JSON.stringify(body))
      .send({ error: { code: known.code, message, requestId: request.id } });
  });
}
