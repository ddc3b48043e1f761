import { frameImageUrl } from '../../api/client.js';

interface Picture {
  element: HTMLImageElement;
  ready: Promise<HTMLImageElement>;
  decoded: boolean;
}

/** Decoded pictures of the frames that come next: the element that was decoded is the one that is shown. */
export class Pictures {
  readonly #pictures = new Map<string, Picture>();

  /** Loads and decodes; the same frame is loaded once. A later `attempt` asks the server anew after a failure. */
  get(frameId: string, attempt = 0): Picture {
    const known = this.#pictures.get(frameId);
    if (known) return known;
    const element = new Image();
    element.alt = '';
    element.draggable = false;
    element.src = `${frameImageUrl(frameId)}${attempt > 0 ? `#${attempt}` : ''}`;
    const picture: Picture = { element, decoded: false, ready: Promise.resolve(element) };
    picture.ready = element.decode().then(() => {
      picture.decoded = true;
      return element;
    });
    picture.ready.catch(() => this.#pictures.delete(frameId));
    this.#pictures.set(frameId, picture);
    return picture;
  }

  /** Loads these, in this order, and forgets the others. */
  keep(frameIds: readonly string[]): void {
    const wanted = new Set(frameIds);
    for (const id of this.#pictures.keys()) if (!wanted.has(id)) this.#pictures.delete(id);
    for (const id of frameIds) this.get(id);
  }
}
