/** Seconds by phase, and altogether. */
export function startStopwatch() {
  const seconds: Record<string, number> = {};
  const started = performance.now();
  let last = started;
  return {
    lap(phase: string) {
      const now = performance.now();
      seconds[phase] = (now - last) / 1000;
      last = now;
    },
    seconds: () => ({ ...seconds, total: (performance.now() - started) / 1000 }),
  };
}
