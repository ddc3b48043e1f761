import Type from 'typebox';

export const closed = { additionalProperties: false } as const;
export const Count = Type.Integer({ minimum: 0 });

export const Floats = (description: string) =>
  Type.Refine(
    Type.Unsafe<Float32Array>({ description }),
    (value) => value instanceof Float32Array,
    () => 'must be a Float32Array',
  );

export const Whole = (description: string) =>
  Type.Refine(
    Type.Unsafe<Int32Array>({ description }),
    (value) => value instanceof Int32Array,
    () => 'must be an Int32Array',
  );

export const Shorts = (description: string) =>
  Type.Refine(
    Type.Unsafe<Int16Array>({ description }),
    (value) => value instanceof Int16Array,
    () => 'must be an Int16Array',
  );

export const Png = Type.Refine(
  Type.Unsafe<Uint8Array>({}),
  (value) => value instanceof Uint8Array,
  () => 'must be a Uint8Array',
);
