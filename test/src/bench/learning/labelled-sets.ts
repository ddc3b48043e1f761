import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Backbone } from '@lineside/fleet-server/learning/backbone/default-backbone';
import { extractFeatures } from '@lineside/fleet-server/learning/features';
import type { LabelledFeatures } from '@lineside/fleet-server/learning/head/fit-head';
import { seededRandom, shuffled } from '@lineside/fleet-server/learning/random';
import { stackRows } from '@lineside/fleet-server/learning/rows';
import { type ImageFolder, type Picture, readImageFolder, splitPictures } from '../../eval/dataset.js';
import type { BenchContext } from '../report.js';
import { joinNearNumbers } from './near-numbers.js';

const heldOutShare = 0.3;

/** @throws Error without `--data DIR` */
export async function folderOf({ options }: BenchContext): Promise<ImageFolder> {
  if (!options.data) throw new Error('--data DIR is needed: an ImageFolder tree, DIR/<class>/<picture>');
  const by = options['group-by'];
  const gap = options['group-gap'];
  const folder = await readImageFolder(options.data, by ? new RegExp(by) : undefined);
  if (gap === undefined) return folder;
  const groups = joinNearNumbers(
    folder.pictures.map(({ group }) => group),
    Number(gap),
  );
  return {
    ...folder,
    pictures: folder.pictures.map((each, at) => ({ ...each, group: groups[at] as string })),
  };
}

export interface LabelledSet {
  readonly pictures: readonly Picture[];
  readonly rows: LabelledFeatures;
}

/** Holds out 30 % of the groups of each class; the same seed holds out the same ones. */
export function holdOut(folder: ImageFolder, seed: number): { pool: Picture[]; heldOut: Picture[] } {
  const all = {
    rounds: 1,
    devices: 1,
    maxHeldOut: Number.POSITIVE_INFINITY,
    maxPool: Number.POSITIVE_INFINITY,
  };
  const { heldOut, stream } = splitPictures(folder, { seed, share: heldOutShare, ...all });
  return { pool: stream.flat(2), heldOut };
}

/** So many pictures of each class, or all there are, of as many groups as possible. */
export function drawPerClass(pool: readonly Picture[], count: number, seed: number): Picture[] {
  const random = seededRandom(seed);
  return [...new Set(pool.map(({ className }) => className))].flatMap((name) => {
    const own = shuffled(
      pool.filter(({ className }) => className === name),
      random,
    );
    const nth = new Map<string, number>();
    const ranked = own.map((picture) => {
      const rank = nth.get(picture.group) ?? 0;
      nth.set(picture.group, rank + 1);
      return { picture, rank };
    });
    return ranked
      .sort((a, b) => a.rank - b.rank)
      .slice(0, count)
      .map(({ picture }) => picture);
  });
}

/** The files with the SHA-256 of their content. */
export const hashed = <P extends Pick<Picture, 'path'>>(
  pictures: readonly P[],
): Promise<(P & { sha256: string })[]> =>
  Promise.all(
    pictures.map(async (picture) => {
      const content = createHash('sha256').update(await readFile(picture.path));
      return { ...picture, sha256: content.digest('hex') };
    }),
  );

/** Embeddings of the pictures under a backbone, kept in `cacheDir` if there is one. */
export async function embedded(
  { classNames }: ImageFolder,
  pictures: readonly Picture[],
  backbone: Backbone,
  cacheDir?: string,
): Promise<LabelledSet> {
  const { features } = await extractFeatures(await hashed(pictures), backbone, { threads: 2, cacheDir });
  const readable = pictures.filter((_, index) => features[index]);
  return {
    pictures: readable,
    rows: {
      features: stackRows(
        features.filter((each) => each !== undefined),
        backbone.dimensions,
      ),
      dimensions: backbone.dimensions,
      labels: Int32Array.from(readable, ({ className }) => classNames.indexOf(className)),
      groups: readable.map(({ group }) => group),
      classes: classNames.length,
    },
  };
}

export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}

/** A list given as `--name a,b,c`. */
export const listOption = (
  { options }: BenchContext,
  name: keyof BenchContext['options'],
  fallback: string,
): string[] => (options[name] ?? fallback).split(',').map((each) => each.trim());
