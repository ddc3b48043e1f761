/** Share of what the cameras decide alone that may be wrong, unless a run asks for another. */
export const defaultAlpha = 0.05;
