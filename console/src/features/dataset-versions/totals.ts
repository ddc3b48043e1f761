import type { DatasetVersion } from '../../api/types.js';

/** Frames of a version by split. */
export const totalsOf = ({ classes }: Pick<DatasetVersion, 'classes'>): { train: number; test: number } => ({
  train: classes.reduce((sum, { train }) => sum + train, 0),
  test: classes.reduce((sum, { test }) => sum + test, 0),
});
