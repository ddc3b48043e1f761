import { writeFile } from 'node:fs/promises';
import type { LinesideError, ReferenceEmbeddings } from '@lineside/shared';
import t from 'tap';
import { Novelty } from '../../src/policy/novelty.js';
import { folderOf } from '../helpers/folder.js';
import { tinyPackage } from '../helpers/tiny-model.js';

const bytes = (values: number[]): Uint8Array => {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [at, value] of values.entries()) view.setFloat32(at * 4, value, true);
  return new Uint8Array(view.buffer);
};

/** Grey pictures of a usual brightness: mean colours about one half. */
export const greys = (space = 'mean-rgb'): ReferenceEmbeddings => ({
  v: 1,
  space,
  dimensions: 3,
  count: 4,
  mean: bytes([0.5, 0.5, 0.5]),
  scale: bytes([0.1, 0.1, 0.1]),
  vectors: bytes([-1, -1, -1, 0, 0, 0, 1, 1, 1, 0.5, 0.5, 0.5]),
  neighbours: 2,
  threshold: 1.5,
});

t.test('a frame far from the reference is novel, one near it is not', async (t) => {
  const novelty = new Novelty(t.fail);
  const model = await tinyPackage(folderOf(t), { reference: greys() });
  const ask = (...embedding: number[]) => novelty.judge({ model, embedding: Float32Array.from(embedding) });
  t.equal(ask(0.9, 0, 0), null, 'no decision waits for the file');
  await novelty.settled();
  t.equal(ask(0.5, 0.5, 0.5), null);
  t.equal(ask(0.56, 0.52, 0.58), null);
  const strange = ask(0.9, 0, 0);
  t.match(strange, { kind: 'novel', detail: /usual up to 1\.50/ });
  t.ok((strange?.score ?? 0) > 0.5 && (strange?.score ?? 0) < 1);
  t.match(ask(Number.NaN, 0, 0), { kind: 'novel', score: 1 }, 'no number is like nothing');
});

t.test('without a reference, or with a useless one, nothing is novel; the latter is told once', async (t) => {
  const errors: LinesideError[] = [];
  const novelty = new Novelty((error) => errors.push(error));
  const embedding = new Float32Array([1, 0, 0]);
  const none = await tinyPackage(folderOf(t), { version: 'none' });
  const foreign = await tinyPackage(folderOf(t), { version: 'foreign', reference: greys('other-space') });
  const broken = await tinyPackage(folderOf(t), { version: 'broken', reference: greys() });
  await writeFile(broken.referencePath ?? '', 'no reference');
  for (const model of [none, foreign, broken, none, foreign, broken]) {
    t.equal(novelty.judge({ model, embedding }), null);
    await novelty.settled();
  }
  t.same(
    errors.map(({ code, message }) => [code, message.slice(0, message.indexOf(':'))]),
    [
      ['model_contract', 'foreign'],
      ['model_contract', 'broken'],
    ],
  );
});
