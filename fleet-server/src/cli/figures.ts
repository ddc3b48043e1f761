export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? '–' : `${(100 * share).toFixed(1)} %`;

/** What is promised of what cameras decide alone. */
export const promiseInWords = ({ alpha, method }: { alpha: number; method: string }): string =>
  `at most ${percent(alpha)} ${method === 'good-parts-tolerance' ? 'of good parts flagged' : 'wrong'}`;
