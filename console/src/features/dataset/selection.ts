/** Chosen frames by their place in the grid's order, and the place that a range starts from. */
export interface Selection {
  readonly chosen: ReadonlyMap<number, string>;
  readonly anchor: number | null;
  /** Where the keyboard is. */
  readonly cursor: number | null;
}

export const nothing: Selection = { chosen: new Map(), anchor: null, cursor: null };

/** Id of the frame at a place, if it is loaded. */
export type IdAt = (place: number) => string | undefined;

const places = (from: number, to: number, idAt: IdAt): [number, string][] => {
  const [first, last] = from < to ? [from, to] : [to, from];
  const found: [number, string][] = [];
  for (let place = first; place <= last; place++) {
    const id = idAt(place);
    if (id !== undefined) found.push([place, id]);
  }
  return found;
};

export function only(place: number, idAt: IdAt): Selection {
  return { chosen: new Map(places(place, place, idAt)), anchor: place, cursor: place };
}

export function toggled({ chosen }: Selection, place: number, idAt: IdAt): Selection {
  const next = new Map(chosen);
  const id = idAt(place);
  if (!next.delete(place) && id !== undefined) next.set(place, id);
  return { chosen: next, anchor: place, cursor: place };
}

/** From the anchor to a place, beside what `kept` holds already. */
export function extended(
  { anchor }: Selection,
  place: number,
  idAt: IdAt,
  kept?: ReadonlyMap<number, string>,
): Selection {
  const from = anchor ?? place;
  return { chosen: new Map([...(kept ?? []), ...places(from, place, idAt)]), anchor: from, cursor: place };
}

/** What a rectangle over the grid covers, by rows and columns. */
export function covered(
  box: { top: number; bottom: number; left: number; right: number },
  columns: number,
  idAt: IdAt,
  kept: ReadonlyMap<number, string>,
): Selection {
  const chosen = new Map(kept);
  for (let row = box.top; row <= box.bottom; row++) {
    for (const [place, id] of places(row * columns + box.left, row * columns + box.right, idAt)) {
      chosen.set(place, id);
    }
  }
  const corner = box.top * columns + box.left;
  return { chosen, anchor: corner, cursor: corner };
}

/** The place that an arrow key leads to. */
export function moved(cursor: number | null, key: string, columns: number, total: number): number | null {
  const from = cursor ?? 0;
  const ends: Record<string, number> = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - columns,
    ArrowDown: from + columns,
    Home: 0,
    End: total - 1,
  };
  const to = ends[key];
  if (to === undefined || total === 0) return null;
  if (cursor === null && key.startsWith('Arrow')) return 0;
  return to < 0 || to >= total ? from : to;
}
