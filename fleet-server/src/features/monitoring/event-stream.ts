import type { ServerResponse } from 'node:http';
import type { LiveBus } from '../../services.js';
import type { LiveEvent } from './schemas.js';

const heartbeatMs = 15_000;
const gatherMs = 200;
/** A reader that lets this much pile up is gone, or will be told everything anew when it reconnects. */
const maximumBacklogBytes = 1 << 20;

const keyOf = ({ type, ...rest }: LiveEvent): string =>
  type === 'frames' ? `frames ${'deviceId' in rest ? rest.deviceId : ''}` : JSON.stringify([type, rest]);

/** Several events that say the same become one; counts of frames add up. */
export function mergeEvents(pending: Map<string, LiveEvent>, event: LiveEvent): void {
  const key = keyOf(event);
  const before = pending.get(key);
  pending.set(
    key,
    before?.type === 'frames' && event.type === 'frames'
      ? { ...event, count: before.count + event.count }
      : event,
  );
}

/** Streams the bus to one browser until it goes away. Events are gathered for a moment, so that a busy fleet is no flood. */
export function streamTo(response: ServerResponse, live: LiveBus): { end(): void } {
  const pending = new Map<string, LiveEvent>();
  let gathering: NodeJS.Timeout | null = null;
  const send = (text: string) => {
    response.write(text);
    if (response.writableLength > maximumBacklogBytes) response.destroy();
  };
  const flush = () => {
    gathering = null;
    const text = [...pending.values()].map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
    pending.clear();
    send(text);
  };
  const unsubscribe = live.subscribe((event) => {
    mergeEvents(pending, event);
    gathering ??= setTimeout(flush, gatherMs);
  });
  const heartbeat = setInterval(() => send(': still here\n\n'), heartbeatMs);
  const stop = () => {
    unsubscribe();
    clearInterval(heartbeat);
    if (gathering) clearTimeout(gathering);
  };
  response.once('close', stop);
  send(': connected\n\n');
  return {
    end() {
      stop();
      response.end();
    },
  };
}
