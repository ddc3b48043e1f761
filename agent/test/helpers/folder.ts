import type { Test } from 'tap';

/**
 * A folder of the test's own that is removed when everything else is over. tap's own way removes it before the
 * teardowns when it is asked for first, while what runs in it still writes to it.
 */
export function folderOf(test: Test, content: Parameters<Test['testdir']>[0] = {}): string {
  test.teardown(() => {});
  return test.testdir(content);
}
