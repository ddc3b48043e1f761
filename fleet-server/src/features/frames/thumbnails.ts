import { LinesideError } from '@lineside/shared';
import sharp from 'sharp';
import type { Blobs } from '../../services.js';

const maxBytes = 64 * 1024 * 1024;

/** Scaled-down pictures, kept in memory up to a total size; least recently used ones go first. */
export class Thumbnails {
  readonly #blobs: Blobs;
  readonly #kept = new Map<string, Promise<Buffer>>();
  #bytes = 0;

  constructor(blobs: Blobs) {
    this.#blobs = blobs;
  }

  /**
   * WebP of at most `width` pixels; never scaled up.
   * @throws LinesideError `blob_missing`, `image_unreadable`
   */
  async get(sha256: string, width: number): Promise<Buffer> {
    const key = `${sha256}.${width}`;
    const kept = this.#kept.get(key);
    if (kept) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept;
    }
    const made = this.#make(sha256, width);
    this.#kept.set(key, made);
    try {
      this.#bytes += (await made).length;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
    await this.#evict();
    return made;
  }

  async #make(sha256: string, width: number): Promise<Buffer> {
    const image = await this.#blobs.read(sha256);
    try {
      return await sharp(image)
        .rotate()
        .resize({ width, withoutEnlargement: true })
        .webp({ quality: 85 })
        .toBuffer();
    } catch (error) {
      throw new LinesideError('image_unreadable', `Picture ${sha256} cannot be scaled.`, { cause: error });
    }
  }

  async #evict(): Promise<void> {
    for (const [key, kept] of this.#kept) {
      if (this.#bytes <= maxBytes) return;
      this.#kept.delete(key);
      this.#bytes -= await kept.then(
        (bytes) => bytes.length,
        () => 0,
      );
    }
  }
}
