import { crc32 } from 'node:zlib';
import type { FrameMessage } from '@lineside/shared';

/**
 * What the spool knows of one frame without reading it: all of it is in the file name, so that opening a folder of
 * a hundred thousand frames is one directory listing.
 */
export interface Entry {
  /** The order in which frames came, across restarts: ids follow a clock, which may be wrong. */
  arrival: number;
  id: string;
  /** What the frame is worth: 0 to 1000, the highest reason score in thousandths; audit samples stand above all. */
  rank: number;
  bytes: number;
  /** CRC-32 of the file's content. */
  checksum: number;
}

/** Audit samples measure how often the camera is wrong: losing them by worth would bend the measurement. */
export const auditRank = 1001;

export const isAudit = (entry: Pick<Entry, 'rank'>): boolean => entry.rank === auditRank;

export function rankOf(frame: FrameMessage): number {
  if (frame.reasons.some((reason) => reason.kind === 'audit')) return auditRank;
  const score = Math.max(0, ...frame.reasons.map((reason) => reason.score));
  return Math.min(1000, Math.round(score * 1000));
}

/**
 * The lot of an audit sample, drawn from its id, which has nothing to do with what the frame shows. Those with the
 * lowest lots go first when audit samples alone fill the spool, the newcomer among them, so what is left at any
 * moment is a uniform random sample of all that came, over the whole time without a network.
 */
export const lotOf = (entry: Pick<Entry, 'id'>): number => crc32(entry.id);

const namePattern =
  /^(\d{1,15})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.(\d{1,4})\.(\d{1,10})\.([0-9a-f]{8})\.frame$/;

export const fileNameOf = ({ arrival, id, rank, bytes, checksum }: Entry): string =>
  `${arrival}.${id}.${rank}.${bytes}.${checksum.toString(16).padStart(8, '0')}.frame`;

/** @returns null for a file that the spool did not write. */
export function parseFileName(name: string): Entry | null {
  const match = namePattern.exec(name);
  if (!match) return null;
  const [, arrival, id = '', rank, bytes, checksum = ''] = match;
  const entry = {
    arrival: Number(arrival),
    id,
    rank: Number(rank),
    bytes: Number(bytes),
    checksum: Number.parseInt(checksum, 16),
  };
  return entry.rank <= auditRank ? entry : null;
}
