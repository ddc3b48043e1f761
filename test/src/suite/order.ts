/** Files that take longest, longest first: the last one to be started would run alone at the end. */
export const longest: readonly string[] = [
  'test/dist/test/crash.test.js',
  'test/dist/test/faults/power.test.js',
  'test/dist/test/faults/install.test.js',
  'test/dist/test/ten-people.test.js',
  'test/dist/test/faults/time.test.js',
  'test/dist/test/faults/camera.test.js',
  'fleet-server/dist/test/features/training.test.js',
  'test/dist/test/faults/garbage.test.js',
  'test/dist/test/faults/accelerator.test.js',
  'fleet-server/dist/test/features/sweeps.test.js',
  'test/dist/test/packaging.test.js',
  'test/dist/test/faults/quality.test.js',
  'test/dist/test/faults/storage.test.js',
  'fleet-server/dist/test/features/architectures.test.js',
  'fleet-server/dist/test/features/anomaly-training.test.js',
  'test/dist/test/faults/shift.test.js',
  'test/dist/test/console.test.js',
  'test/dist/test/screenshots.test.js',
  'fleet-server/dist/test/platform/api.test.js',
  'test/dist/test/faults/package.test.js',
  'fleet-server/dist/test/features/loop.test.js',
];

/** The longest first, all others in the order of their names. */
export function inOrder(files: readonly string[]): string[] {
  const rank = (file: string) => (longest.includes(file) ? longest.indexOf(file) : longest.length);
  return [...files].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, 'en'));
}
