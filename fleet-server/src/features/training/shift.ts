const shiftHours = 8;
const firstStartsAt = 6;
const names = ['06–14 UTC', '14–22 UTC', '22–06 UTC'] as const;

/** The three shifts of a day, in UTC: a site has no time zone of its own here. */
export const shiftOf = (at: Date): (typeof names)[number] =>
  names[Math.floor(((at.getUTCHours() - firstStartsAt + 24) % 24) / shiftHours)]!;
