/** Whether a key belongs to a field or a dialog. */
export const typing = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest('input, textarea, select, [contenteditable="true"], [role="dialog"]') !== null;

/** A control that has the focus keeps Enter and Space for itself, unless it is inside `but`. */
export const ownsActivation = (target: EventTarget | null, but?: string): boolean =>
  target instanceof Element &&
  target.closest('a, button, [role="menu"]') !== null &&
  !(but && target.closest(but));

/** Place of the class that a digit stands for, 1 being the first and 0 the tenth; null for any other key. */
export function digitKey(event: KeyboardEvent): number | null {
  // The key's position also serves layouts where digits need Shift.
  const digit =
    /^(?:Digit|Numpad)(\d)$/.exec(event.code)?.[1] ?? (/^\d$/.test(event.key) ? event.key : undefined);
  return digit === undefined ? null : digit === '0' ? 9 : Number(digit) - 1;
}
