import assert from 'node:assert/strict';
import {
  CommandMessage,
  DesiredState,
  decodeMessage,
  EnrolRequest,
  EnrolResponse,
  EventMessage,
  encodeMessage,
  FrameMessage,
  GoldenFrames,
  isLinesideError,
  LinesideError,
  type Message,
  ModelManifest,
  PresenceMessage,
  ReceiptMessage,
  ReportedState,
  ResultMessage,
  TelemetryMessage,
} from '@lineside/shared';
import fc from 'fast-check';
import t from 'tap';
import type { TSchema } from 'typebox';

const messages: Message<TSchema>[] = [
  CommandMessage,
  DesiredState,
  EnrolRequest,
  EnrolResponse,
  EventMessage,
  FrameMessage,
  GoldenFrames,
  ModelManifest,
  PresenceMessage,
  ReceiptMessage,
  ReportedState,
  ResultMessage,
  TelemetryMessage,
];

const probability = fc.double({ min: 0, max: 1, noNaN: true });
const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/);
const bytes = fc.uint8Array({ maxLength: 200 });
const optional = <T>(key: string, arbitrary: fc.Arbitrary<T>) =>
  fc.option(arbitrary, { nil: undefined }).map((value) => (value === undefined ? {} : { [key]: value }));
const merged = (...parts: fc.Arbitrary<object>[]) =>
  fc.tuple(...parts).map((values) => Object.assign({}, ...values) as never);

const decision = fc.record({
  modelVersion: id,
  classId: id,
  confidence: probability,
  margin: probability,
  accepted: fc.boolean(),
  probabilities: fc.dictionary(id, probability, { maxKeys: 8, noNullPrototype: true }),
  latencyMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
});

const frame = merged(
  fc.record({
    v: fc.constant(1),
    id: fc.uuid({ version: 7 }),
    cameraId: id,
    sequence: fc.nat(),
    capturedAt: fc.nat(),
    width: fc.integer({ min: 1, max: 4000 }),
    height: fc.integer({ min: 1, max: 4000 }),
    imageType: fc.constantFrom('image/jpeg', 'image/png', 'image/webp'),
    image: bytes,
    reasons: fc.array(fc.record({ kind: fc.constantFrom('low_confidence', 'audit'), score: probability }), {
      minLength: 1,
      maxLength: 4,
    }),
  }),
  optional('decision', decision),
  optional('embedding', fc.record({ space: id, vector: bytes })),
  optional(
    'group',
    fc.string({ maxLength: 40, unit: 'grapheme' }).filter((text) => text.length <= 128),
  ),
  optional('source', fc.string({ maxLength: 40 })),
);

const command = fc.record({
  v: fc.constant(1),
  id,
  command: fc.oneof(
    fc.record({ kind: fc.constant('infer'), imageType: fc.constant('image/png'), image: bytes }),
    fc.record({ kind: fc.constant('telemetry') }),
  ),
}) as fc.Arbitrary<never>;

const receipts = fc.record({
  v: fc.constant(1),
  receipts: fc.array(fc.record({ id, status: fc.constantFrom('stored', 'duplicate', 'rejected') }), {
    minLength: 1,
    maxLength: 20,
  }),
}) as fc.Arbitrary<never>;

/** Byte strings come back as Buffers: compare them by content. */
const plain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
  }
  return Object.is(value, -0) ? 0 : value;
};

t.test('what is encoded decodes to the same message', async (t) => {
  const roundTrip = (message: Message<TSchema>, arbitrary: fc.Arbitrary<never>) =>
    fc.assert(
      fc.property(arbitrary, (value) => {
        const decoded = decodeMessage(message, encodeMessage(message, value));
        assert.deepEqual(plain(decoded), plain(value));
      }),
      { numRuns: 300 },
    );
  roundTrip(FrameMessage, frame);
  roundTrip(CommandMessage, command);
  roundTrip(ReceiptMessage, receipts);
  t.pass('frames, commands and receipts survive the wire');
});

t.test('random bytes never throw anything but a coded error', async (t) => {
  for (const message of messages) {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (payload) => {
        try {
          decodeMessage(message, payload);
        } catch (error) {
          if (!isLinesideError(error)) throw error;
        }
      }),
      { numRuns: 400 },
    );
    t.pass(`${message.name} refuses garbage with a code`);
  }
});

t.test('a valid frame with a few bytes changed decodes or is refused with a code', async (t) => {
  fc.assert(
    fc.property(
      frame,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (value, edits) => {
        const payload = encodeMessage(FrameMessage, value);
        for (const [offset, byte] of edits) payload[offset % payload.length] = byte;
        try {
          decodeMessage(FrameMessage, payload);
        } catch (error) {
          if (!isLinesideError(error)) throw error;
        }
      },
    ),
    { numRuns: 500 },
  );
  t.pass('no uncoded error');
});

t.test('a message of another version says so', async (t) => {
  const payload = encodeMessage(PresenceMessage, { v: 2, online: true, at: 1 } as never);
  t.throws(
    () => decodeMessage(PresenceMessage, payload),
    new LinesideError('payload_version', 'presence: version 2, expected 1'),
  );
});

t.test('the first wrong field is named', async (t) => {
  const payload = encodeMessage(PresenceMessage, { v: 1, online: 'yes', at: 1 } as never);
  t.throws(() => decodeMessage(PresenceMessage, payload), { code: 'payload_invalid', message: /\/online/ });
});
