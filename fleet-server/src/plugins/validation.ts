import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { Convert, Default } from 'typebox/value';

/**
 * Requests are checked against the TypeBox schemas of their routes: defaults filled in, and in the address (query and
 * path), where everything is text, numbers and booleans read as such.
 * @param options.checkResponses also checks answers, which the types promise already; for tests
 */
export function registerValidation(app: FastifyInstance, options: { checkResponses: boolean }): void {
  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
    const validator = Compile(schema);
    const isText = httpPart === 'querystring' || httpPart === 'params';
    return (input) => {
      const filled = Default(schema, input ?? {});
      const value = isText ? Convert(schema, filled) : filled;
      if (validator.Check(value)) return { value };
      const first = validator.Errors(value)[0];
      return {
        error: new Error(`${httpPart}${first?.instancePath ?? ''} ${first?.message ?? 'does not match'}`),
      };
    };
  });
  app.setSerializerCompiler<TSchema>(({ schema, httpStatus }) => {
    if (!options.checkResponses || httpStatus === 'default') return (data) => JSON.stringify(data);
    const validator = Compile(schema);
    return (data) => {
      const text = JSON.stringify(data);
      const value: unknown = JSON.parse(text);
      if (validator.Check(value)) return text;
      const first = validator.Errors(value)[0];
      throw new Error(`the answer does not match its schema: ${first?.instancePath} ${first?.message}`);
    };
  });
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) =>
    body === '' ? done(null, undefined) : parse(request, body, done),
  );
}
