import { Decoder, Encoder } from 'cbor-x';
import type { Static, TSchema } from 'typebox';
import { LinesideError } from '../errors.js';
import type { Message } from './message.js';

// Plain maps and byte strings only: no record extension, no shared structures, so that any CBOR reader can read it.
const options = {
  useRecords: false,
  mapsAsObjects: true,
  tagUint8Array: false,
  variableMapSize: true,
} as const;
const encoder = new Encoder(options);
const decoder = new Decoder(options);

/** Encodes one message as its schema says: CBOR (RFC 8949) or JSON, UTF-8. */
export function encodeMessage<S extends TSchema>(
  message: Message<S>,
  value: Static<S>,
): Uint8Array<ArrayBuffer> {
  if (message.encoding === 'json') return new TextEncoder().encode(JSON.stringify(value));
  // The encoder hands out views of a buffer it writes to again: copy.
  return new Uint8Array(encoder.encode(value));
}

/**
 * Decodes and validates one message.
 * @throws LinesideError `payload_malformed`, `payload_invalid` or `payload_version`; nothing else, whatever the bytes.
 */
export function decodeMessage<S extends TSchema>(message: Message<S>, payload: Uint8Array): Static<S> {
  let value: unknown;
  try {
    value =
      message.encoding === 'json'
        ? JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
        : decoder.decode(payload);
  } catch (error) {
    throw new LinesideError('payload_malformed', `${message.name}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return message.parse(value);
}
