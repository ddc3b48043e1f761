/**
 * Colours that stay apart on light and dark ground and for the colour-blind: Okabe and Ito's set without black,
 * darkened yellow, then further hues.
 */
const palette = [
  '#0072b2',
  '#d55e00',
  '#009e73',
  '#cc79a7',
  '#e69f00',
  '#56b4e9',
  '#b8a800',
  '#8c564b',
  '#7b61c4',
  '#c03a4b',
  '#4d7c2a',
  '#17becf',
] as const;

/** The first colour that no class has yet; when all are taken they start over. */
export function nextColour(taken: readonly string[]): string {
  const used = new Set(taken);
  return palette.find((colour) => !used.has(colour)) ?? palette[taken.length % palette.length]!;
}
