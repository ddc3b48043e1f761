import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

const closed = { additionalProperties: false } as const;
const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Share = Type.Number({ minimum: 0, maximum: 1 });

/** Names in the archive; the files that the manifest pins are `files/<SHA-256>`. */
export const entryNames = {
  statement: 'statement.json',
  signature: 'signature.json',
  manifest: 'manifest.json',
  head: 'head.json',
} as const;
export const fileEntry = (sha256: string): string => `files/${sha256}`;

/** What is signed: by its hashes everything else in the package. */
export const Statement = Type.Object(
  {
    format: Type.Literal('lineside-model-package'),
    v: Type.Literal(1),
    version: Type.String({ maxLength: 64, description: 'Of the model, where it was made' }),
    manifestSha256: Sha256,
    headSha256: Type.Union([Sha256, Type.Null()]),
    metrics: Type.Union([
      Type.Object(
        { accuracy: Share, balancedAccuracy: Share, n: Type.Integer({ minimum: 0 }) },
        { ...closed, description: 'Measured where it was made, on frames of there' },
      ),
      Type.Null(),
    ]),
  },
  closed,
);
export type Statement = Static<typeof Statement>;

export const PackageSignature = Type.Object(
  {
    algorithm: Type.Literal('ed25519'),
    publicKey: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    signature: Type.String({ pattern: '^[0-9a-f]{128}$', description: 'Of the bytes of the statement' }),
  },
  closed,
);
export type PackageSignature = Static<typeof PackageSignature>;

export const isStatement = Compile(Statement);
export const isPackageSignature = Compile(PackageSignature);
