import type { Static, TSchema } from 'typebox';
import Type from 'typebox';
import { Compile } from 'typebox/compile';
import { LinesideError } from '../errors.js';

/** One message of the protocol: its schema is the static type, the validator, the documentation and the version. */
export interface Message<S extends TSchema> {
  readonly name: string;
  readonly version: number;
  readonly encoding: 'cbor' | 'json';
  readonly schema: S;
  /** @throws LinesideError `payload_invalid` or `payload_version`, naming the first field that is wrong. */
  parse(value: unknown): Static<S>;
}

/** Raw bytes: a CBOR byte string on the wire. */
export const Bytes = (description: string) =>
  Type.Refine(
    Type.Unsafe<Uint8Array>({ description, contentEncoding: 'binary' }),
    (value) => value instanceof Uint8Array,
    () => 'must be bytes',
  );

/** Milliseconds since 1970 by the sender's clock, which may be wrong: the server never orders by it alone. */
export const TimestampMs = Type.Integer({
  minimum: 0,
  maximum: 253_402_300_799_999,
  description: 'Unix time, milliseconds',
});

/** The fleet server's clock when it sent the message: what a device measures its own clock by. */
export const SentAtMs = Type.Integer({
  minimum: 0,
  maximum: 253_402_300_799_999,
  description: "When it was sent by the fleet server's clock, Unix milliseconds",
});

/**
 * Where a message stands among those of its kind from one device. Whoever keeps the latest keeps nothing that is not
 * after it, so that a message that comes twice or late is read once.
 */
export const Order = Type.Object(
  {
    start: Type.Integer({ minimum: 1, description: 'Rises with every start of the agent' }),
    sequence: Type.Integer({ minimum: 1, description: 'Rises with every message since that start' }),
  },
  { additionalProperties: false },
);
export type Order = Static<typeof Order>;

/** Whether a message is news after another one. What an agent without numbers sends is always taken for news. */
export const isAfter = (order: Order | undefined, before: Order | undefined): boolean =>
  !order ||
  !before ||
  order.start > before.start ||
  (order.start === before.start && order.sequence > before.sequence);

export const Id = Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9][A-Za-z0-9_.:-]*$' });
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lower-case hex' });
export const Probability = Type.Number({ minimum: 0, maximum: 1 });

export function defineMessage<const V extends number, S extends TSchema>(options: {
  name: string;
  version: V;
  encoding: 'cbor' | 'json';
  schema: S;
}): Message<S> {
  // Compiled when the first message of its kind is read: a device reads few kinds, and a start has no time for the rest.
  let compiled: ReturnType<typeof Compile<S>> | undefined;
  return {
    ...options,
    parse(value) {
      compiled ??= Compile(options.schema);
      const validator = compiled;
      if (validator.Check(value)) return value as Static<S>;
      const version = typeof value === 'object' && value !== null ? (value as { v?: unknown }).v : undefined;
      if (typeof version === 'number' && version !== options.version) {
        throw new LinesideError(
          'payload_version',
          `${options.name}: version ${version}, expected ${options.version}`,
        );
      }
      const first = validator.Errors(value)[0];
      throw new LinesideError(
        'payload_invalid',
        `${options.name}: ${first ? `${first.instancePath || '/'} ${first.message}` : 'does not match'}`,
      );
    },
  };
}
