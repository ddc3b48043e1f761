import type { Readable } from 'node:stream';
import { tooLarge } from '../../files/receive.js';
import type { Actor } from '../../http/route.js';
import type { Described, Keep } from './keep.js';
import type { Architecture } from './schemas.js';

export const createUploads =
  (keep: Keep, maxBytes: number) =>
  /**
   * Takes a file in.
   * @throws LinesideError as `keep`
   */
  (
    body: Readable,
    declaredBytes: number | undefined,
    actor: Actor,
    described: Omit<Described, 'origin'>,
  ): Promise<Architecture> =>
    keep(described.name, actor, () => {
      if (declaredBytes !== undefined && declaredBytes > maxBytes) throw tooLarge(maxBytes);
      return { body, described };
    });
