import Type, { type Static } from 'typebox';
import { Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';

const Text = Type.String({ minLength: 1, maxLength: 200 });

/** What of a frame is looked at, what it has to be, and what follows from it. */
export const FrameRule = Type.Object({
  id: Type.String({ pattern: '^[A-Za-z0-9-]{1,40}$', description: 'Stays when the rule is changed' }),
  name: Type.String({ minLength: 1, maxLength: 80 }),
  enabled: Type.Boolean(),
  field: Type.String({
    pattern: '^(file|path|device|camera|(metadata|exif|xmp)\\.[^\\s]{1,80})$',
    description:
      'file (its name), path, device (id), camera, or metadata.<key> (fields of the PLC among them), exif.<tag>, xmp.<name>',
  }),
  pattern: Type.String({
    ...{ minLength: 1, maxLength: 200 },
    description:
      'Of the whole text: * and ? but for slashes, ** for anything, {name} for a part that is kept',
  }),
  action: Type.Union([
    Type.Object({ kind: Type.Enum(['label', 'prelabel']), class: Text }, { description: 'Class id or name' }),
    Type.Object({
      kind: Type.Literal('metadata'),
      key: Type.String({ pattern: '^[A-Za-z0-9_.-]{1,40}$' }),
      value: Text,
    }),
  ]),
});
export type FrameRule = Static<typeof FrameRule>;

export const FrameRules = Type.Object({
  revision: Type.Integer({ minimum: 0 }),
  rules: Type.Array(FrameRule),
  changedAt: Nullable(Timestamp),
  changedBy: Nullable(Type.String()),
  upTo: Nullable(Timestamp),
});
export type FrameRules = Static<typeof FrameRules>;

const Rules = Type.Array(FrameRule, { maxItems: 100 });

export const DryRun = Type.Object({
  frames: Type.Integer({ description: 'That were looked at, the newest first' }),
  rules: Type.Array(
    Type.Object({
      id: Type.String(),
      matched: Type.Integer(),
      applies: Type.Integer({ description: 'Matched, and something would change' }),
      labelled: Type.Integer({ description: 'Matched, but have a label, which stays' }),
      unresolved: Type.Integer({ description: 'Matched, but there is no such class' }),
      examples: Type.Array(
        Type.Object({
          frameId: Type.String(),
          text: Type.String({ description: 'What the field says' }),
          gives: Type.String({ description: 'Class id, or key=value' }),
        }),
      ),
    }),
  ),
});
export type DryRun = Static<typeof DryRun>;

export const getRules = defineRoute({
  method: 'GET',
  url: '/frame-rules',
  tag: 'frames',
  summary: 'Rules that give frames labels or metadata by what is known of them',
  access: 'viewer',
  response: FrameRules,
});
export const putRules = defineRoute({
  method: 'PUT',
  url: '/frame-rules',
  tag: 'frames',
  summary: 'Change the rules; for frames that come, or for all',
  access: 'engineer',
  body: Type.Object({
    revision: Type.Integer({ minimum: 0, description: 'That was looked at' }),
    rules: Rules,
    applyTo: Type.Enum(['new', 'all'], { description: 'all: frames that are here are gone through too' }),
  }),
  response: FrameRules,
});
export const tryRules = defineRoute({
  method: 'POST',
  url: '/frame-rules/dry-run',
  tag: 'frames',
  summary: 'What rules would do to the newest frames; nothing is written',
  access: 'engineer',
  body: Type.Object({
    rules: Rules,
    frames: Type.Optional(Type.Integer({ minimum: 1, maximum: 20000, description: '2000 by default' })),
  }),
  response: DryRun,
});
