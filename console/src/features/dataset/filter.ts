import type { FrameFilter, FrameSort } from '../../api/types.js';
import { phrases } from '../../i18n/index.js';
import { text, time } from '../../ui/address.js';

export type DatasetSearch = FrameFilter & { sort?: FrameSort };
/** `undefined` takes that part of the filter away. */
export type FilterChange = { [K in keyof FrameFilter]?: FrameFilter[K] | undefined };

export const sorts: Record<FrameSort, string> = phrases({
  newest: 'Newest first',
  oldest: 'Oldest first',
  least_sure: 'Least sure first',
  surest: 'Surest first',
  alike: 'Look-alikes together',
  striking: 'Most striking first',
});

export const labelWords: Record<NonNullable<FrameFilter['label']>, string> = phrases({
  class: 'Labelled',
  none: 'Not labelled',
  unsure: 'Unsure',
  skip: 'Skipped',
});

export const agreementWords: Record<NonNullable<FrameFilter['agreement']>, string> = phrases({
  agreed: 'People agree',
  disputed: 'Disputed',
  adjudicated: 'Decided by an engineer',
});

export const reasonWords: Record<NonNullable<FrameFilter['reason']>, string> = phrases({
  low_confidence: 'Not sure enough',
  small_margin: 'Between two classes',
  novel: 'Unlike what it knows',
  disagreement: 'Challenger disagreed',
  image_dark: 'Dark picture',
  image_bright: 'Bright picture',
  image_blurry: 'Blurred picture',
  image_covered: 'Covered lens',
  image_moved: 'Camera moved',
  image_frozen: 'Frozen picture',
  audit: 'Random sample',
  record: 'Everything is kept',
  no_model: 'No model',
  requested: 'Asked for',
});

export const findingWords: Record<NonNullable<FrameFilter['finding']>, string> = phrases({
  mislabelled: 'Label in doubt',
  outlier: 'Unlike all others',
  duplicate: 'Repeats another',
  dark: 'Dark picture',
  bright: 'Overexposed picture',
  flat: 'Picture without contrast',
  blurred: 'Blurred picture',
});

const share = (value: unknown): number | undefined => {
  const number = typeof value === 'number' ? value : Number(text(value));
  return number >= 0 && number <= 1 ? number : undefined;
};
const place = (value: unknown): number | undefined => {
  const number = Number(text(value) ?? Number.NaN);
  return Number.isInteger(number) && number >= 0 ? number : undefined;
};
const flag = (value: unknown): boolean | undefined =>
  value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined;
const oneOf =
  <K extends string>(known: Record<K, string>) =>
  (value: unknown): K | undefined =>
    Object.keys(known).find((key): key is K => key === value);

const readers: { [K in keyof DatasetSearch]-?: (value: unknown) => DatasetSearch[K] } = {
  deviceId: text,
  label: oneOf(labelWords),
  classId: text,
  agreement: oneOf(agreementWords),
  disputed: flag,
  predicted: text,
  contradicted: flag,
  waiting: flag,
  reason: oneOf(reasonWords),
  model: text,
  surest: share,
  leastSure: share,
  from: time,
  until: time,
  finding: oneOf(findingWords),
  cluster: place,
  area: text,
  answered: text,
  version: text,
  ids: text,
  slice: text,
  text,
  sort: oneOf(sorts),
};

/** What the address says, without what nobody can filter by. */
export const readSearch = (search: Record<string, unknown>): DatasetSearch =>
  Object.fromEntries(
    Object.entries(readers)
      .map(([name, read]) => [name, read(search[name])])
      .filter(([, value]) => value !== undefined),
  );

export const filterOf = ({ sort: _, ...filter }: DatasetSearch): FrameFilter => filter;
