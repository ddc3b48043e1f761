import { LinesideError } from '@lineside/shared';

export interface FramePosition {
  /** Database text of the timestamp, microseconds included. */
  receivedAt: string;
  id: string;
}

export const encodeCursor = (position: FramePosition): string =>
  Buffer.from(`${position.receivedAt}|${position.id}`).toString('base64url');

/** @throws LinesideError `request_invalid` */
export function decodeCursor(cursor: string): FramePosition {
  const [receivedAt, id, ...rest] = Buffer.from(cursor, 'base64url').toString().split('|');
  if (!id || !receivedAt || rest.length > 0 || Number.isNaN(Date.parse(receivedAt))) {
    throw new LinesideError('request_invalid', 'The cursor is not one this server gave.');
  }
  return { receivedAt, id };
}
