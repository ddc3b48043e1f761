/** Words of an address; the router reads those that look like a number as one. */
export const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;

/** A moment of an address, as it stands there. */
export const time = (value: unknown): string | undefined =>
  Number.isNaN(Date.parse(text(value) ?? '')) ? undefined : text(value);
