import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { seededRandom, shuffled } from '@lineside/fleet-server/learning/random';
import { formatOfName } from '@lineside/shared/pictures/formats';

/** One labelled picture of an ImageFolder tree. */
export interface Picture {
  path: string;
  className: string;
  /** Pictures of one group never stand on both sides of a split; exact copies are always one group. */
  group: string;
}

export interface ImageFolder {
  classNames: string[];
  pictures: Picture[];
}

/**
 * Reads `DIR/<class>/**` (the torchvision ImageFolder layout).
 * @param groupBy on the path relative to `dir`; its first capture group, or the whole match, names the group
 */
export async function readImageFolder(dir: string, groupBy?: RegExp): Promise<ImageFolder> {
  const entries = await readdir(dir, { withFileTypes: true });
  const classNames = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
  const pictures: Picture[] = [];
  for (const className of classNames) {
    const files = await readdir(join(dir, className), { recursive: true, withFileTypes: true });
    for (const file of files.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (!file.isFile() || formatOfName(file.name) === null) continue;
      const path = join(file.parentPath, file.name);
      const match = groupBy?.exec(relative(dir, path));
      const content = createHash('sha256').update(await readFile(path));
      pictures.push({ path, className, group: match ? (match[1] ?? match[0]) : content.digest('hex') });
    }
  }
  const used = classNames.filter((name) => pictures.some((picture) => picture.className === name));
  if (used.length < 2) throw new Error(`${dir} holds pictures of ${used.length} class(es); two are needed`);
  return { classNames: used, pictures };
}

export interface Split {
  heldOut: Picture[];
  /** What the cameras see: one list a round and device. */
  stream: Picture[][][];
  pool: number;
}

/**
 * Holds out whole groups, about `share` of each class, and deals the rest to rounds and devices.
 * The same seed gives the same split, whatever the arm.
 */
export function splitPictures(
  folder: ImageFolder,
  options: {
    seed: number;
    share: number;
    rounds: number;
    devices: number;
    maxHeldOut: number;
    maxPool: number;
  },
): Split {
  const random = seededRandom(options.seed);
  const groups = new Map<string, Picture[]>();
  for (const picture of folder.pictures) {
    groups.set(picture.group, [...(groups.get(picture.group) ?? []), picture]);
  }
  // A group belongs to the class most of its pictures have.
  const byClass = new Map<string, Picture[][]>();
  for (const members of groups.values()) {
    const counts = new Map<string, number>();
    for (const { className } of members) counts.set(className, (counts.get(className) ?? 0) + 1);
    const main = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] as string;
    byClass.set(main, [...(byClass.get(main) ?? []), members]);
  }
  const heldOut: Picture[] = [];
  const pool: Picture[][] = [];
  for (const name of folder.classNames) {
    const own = shuffled(byClass.get(name) ?? [], random);
    const cut = own.length > 1 ? Math.max(1, Math.round(own.length * options.share)) : 0;
    heldOut.push(...own.slice(0, cut).flat());
    pool.push(...own.slice(cut));
  }
  const dealt = shuffled(pool, random);
  const stream = Array.from({ length: options.rounds }, () =>
    Array.from({ length: options.devices }, () => [] as Picture[]),
  );
  let used = 0;
  for (const [index, members] of dealt.entries()) {
    if (used >= options.maxPool) break;
    used += members.length;
    const round = index % options.rounds;
    const device = Math.floor(index / options.rounds) % options.devices;
    stream[round]?.[device]?.push(...members);
  }
  return { heldOut: shuffled(heldOut, random).slice(0, options.maxHeldOut), stream, pool: used };
}
