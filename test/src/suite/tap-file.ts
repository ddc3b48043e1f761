/** What one test file said, counted in its outermost tests (not assertions). */
export interface FileOutcome {
  readonly passed: number;
  readonly failed: number;
  /** Why tests were skipped, one entry each. */
  readonly skipped: readonly string[];
  /** Lines a person reads about the tests that failed: their names, and the assertions with their reasons. */
  readonly report: readonly string[];
}

/**
 * Reads the TAP 14 output of one file: outermost tests are at indent 0, the assertions in them deeper.
 * A file that ended badly though no test of it failed, or before its plan was fulfilled, counts as one failure.
 * @param endedWell exit status 0
 */
export function readTapFile(output: string, endedWell: boolean): FileOutcome {
  let passed = 0;
  let failed = 0;
  let points = 0;
  let plan: number | null = null;
  const skipped: string[] = [];
  const report: string[] = [];
  // An assertion that failed says why, down to the end of its YAML block.
  let explaining = false;
  for (const line of output.split('\n')) {
    if (/^ {4,}not ok /.test(line)) explaining = true;
    if (explaining) report.push(line);
    if (/^ {4,}\.\.\.$/.test(line)) explaining = false;
    const planned = /^1\.\.(\d+)/.exec(line);
    if (planned) plan = Number(planned[1]);
    const point = /^(not ok|ok) \d+( - .*)?$/.exec(line);
    if (!point) continue;
    points++;
    explaining = false;
    const [, status, text = ''] = point;
    const skip = /# SKIP ?(.*)$/.exec(text);
    if (skip) skipped.push(skip[1] || text);
    else if (status === 'ok') passed++;
    else {
      failed++;
      report.push(line);
    }
  }
  if (failed === 0 && !(endedWell && plan === points)) failed = 1;
  return { passed, failed, skipped, report };
}
