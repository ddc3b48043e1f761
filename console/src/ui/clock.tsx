import { Tooltip } from '@mantine/core';
import { useSyncExternalStore } from 'react';
import { ago, moment } from './format.js';

let now = Date.now();
const watchers = new Set<() => void>();
let timer: number | undefined;

function watch(watcher: () => void): () => void {
  if (watchers.size === 0) now = Date.now();
  watchers.add(watcher);
  timer ??= window.setInterval(() => {
    now = Date.now();
    for (const each of watchers) each();
  }, 1_000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    window.clearInterval(timer);
    timer = undefined;
  };
}

/** The time now in milliseconds, moving once a second: one timer for the whole page. */
export const useNow = (): number => useSyncExternalStore(watch, () => now);

/** A moment as 'x min ago', with the exact time on hover. */
export function Ago({ at }: { at: string | number }) {
  const current = useNow();
  return (
    <Tooltip label={moment(at)} openDelay={400} withinPortal>
      <time dateTime={new Date(at).toISOString()}>{ago(at, current)}</time>
    </Tooltip>
  );
}
