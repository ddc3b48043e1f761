import Type, { type TProperties } from 'typebox';

/** An object that takes the fields it names and no others, so that a misspelt one is told and not ignored. */
export const strict = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

export const Port = Type.Integer({ minimum: 0, maximum: 65535, default: 0 });
export const Share = (fallback: number, description?: string) =>
  Type.Number({ minimum: 0, maximum: 1, default: fallback, ...(description ? { description } : {}) });

/** An object that may be left out: every field inside has a default. */
export const section = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { additionalProperties: false, default: {} });
