import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { readChanged } from './changed-devices.js';
import { keys } from './queries.js';
import type { LiveEvent } from './types.js';

/** Frames and figures come many times a second, and a whole fleet is much; what a person starts or waits for should move at once. */
const frequentMs = 1_500;
const promptMs = 300;

export type LiveState = 'connecting' | 'open' | 'lost';

/** Besides the devices that it names. */
const affected = (event: LiveEvent): readonly QueryKey[] => {
  switch (event.type) {
    case 'device':
      return [keys.status, keys.drift];
    case 'telemetry':
      return [];
    case 'frames':
      return [keys.status, keys.stats, keys.explorer];
    case 'queue':
      return [keys.stats, keys.status, keys.classes, keys.explorer, keys.disputes];
    case 'classes':
      return [keys.classes, keys.labelBook, keys.explorer, keys.models];
    case 'training':
      return [keys.training, keys.stats, keys.testSets, keys.datasets];
    case 'dataset':
      return [keys.datasets, keys.training];
    case 'transfer':
      return [keys.transfers];
    case 'models':
      return [keys.models, keys.status, keys.challengers, keys.testSets, keys.drift];
    case 'rollout':
      return [keys.rollouts, keys.devices];
  }
};

/**
 * The server's event stream: it says what changed, and the queries behind it are fetched again, once for all events of
 * a short while however fast they come. After a gap everything is fetched again, because events were missed.
 */
class Live {
  #state: LiveState = 'connecting';
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Set<(event: LiveEvent) => void>();

  getState = (): LiveState => this.#state;

  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  listen(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  connect(queryClient: QueryClient): () => void {
    const due = new Map<unknown, number>();
    const changed = new Set<string>();
    let retryTimer: number | undefined;
    let source: EventSource | undefined;
    let opened = false;
    let retryMs = 1_000;

    const soon = (what: unknown, waitMs: number, read: () => Promise<void>) => {
      if (due.has(what)) return;
      const timer = window.setTimeout(() => {
        due.delete(what);
        void read();
      }, waitMs);
      due.set(what, timer);
    };
    const open = () => {
      source = new EventSource('/api/v1/events');
      source.onopen = () => {
        retryMs = 1_000;
        if (opened) void queryClient.invalidateQueries();
        opened = true;
        this.#set('open');
      };
      source.onmessage = (message: MessageEvent<string>) => {
        const event = JSON.parse(message.data) as LiveEvent;
        const often = event.type === 'frames' || event.type === 'telemetry';
        const waitMs = often ? frequentMs : promptMs;
        for (const queryKey of affected(event) ?? []) {
          const rest = queryKey === keys.devices ? frequentMs : waitMs;
          soon(queryKey, rest, () => queryClient.invalidateQueries({ queryKey }));
        }
        if ('deviceId' in event) {
          changed.add(event.deviceId);
          soon(changed, waitMs, () => {
            const ids = [...changed];
            changed.clear();
            return readChanged(queryClient, ids);
          });
        }
        for (const listener of this.#listeners) listener(event);
      };
      source.onerror = () => {
        this.#set('lost');
        // The browser reconnects by itself unless the server refused: then it gives up for good.
        if (source?.readyState !== EventSource.CLOSED) return;
        retryTimer = window.setTimeout(open, retryMs);
        retryMs = Math.min(retryMs * 2, 15_000);
      };
    };
    open();
    return () => {
      for (const timer of due.values()) window.clearTimeout(timer);
      window.clearTimeout(retryTimer);
      source?.close();
      this.#set('connecting');
    };
  }

  #set(state: LiveState) {
    if (state === this.#state) return;
    this.#state = state;
    for (const watcher of this.#watchers) watcher();
  }
}

export const live = new Live();
export const useLiveState = (): LiveState => useSyncExternalStore(live.watch, live.getState);
