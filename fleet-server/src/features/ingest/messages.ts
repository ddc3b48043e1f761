import {
  decodeMessage,
  EventMessage,
  PresenceMessage,
  ReportedState,
  ResultMessage,
  TelemetryMessage,
  type UpChannel,
  upTopic,
} from '@lineside/shared';
import type { CommandChannel } from '../devices/command-channel.js';
import type { DeviceStateWriter } from '../devices/device-state.js';
import type { EventLog } from '../devices/event-log.js';
import type { FrameIngest } from './frame-ingest.js';
import type { IngestMetrics } from './metrics.js';
import type { Quarantine } from './quarantine.js';

export interface MessageSinks {
  frames: FrameIngest;
  state: DeviceStateWriter;
  events: EventLog;
  commands: CommandChannel;
  quarantine: Quarantine;
  metrics: IngestMetrics;
  now: () => number;
  onTelemetry(deviceId: string): void;
  onReported(deviceId: string, reported: ReportedState): void;
  onChanged(deviceId: string): void;
  /** Goes on without the device waiting for it. */
  background(work: Promise<unknown>): void;
}

type Handler = (deviceId: string, payload: Uint8Array, live: boolean) => Promise<void>;

/**
 * What happens with each channel. A handler resolves when the message is committed; a message that does not validate
 * goes to quarantine and counts as settled, so that it is not sent again for ever. State is settled when it is taken
 * in: it is written in the background, together with that of others, and the device sends it anew when it connects, so
 * that the frames behind it need not wait.
 */
export function messageHandlers(sinks: MessageSinks): Record<UpChannel, Handler> {
  const { frames, state, events, commands, metrics, now } = sinks;
  const seenMs = now;

  const guarded =
    <T>(
      channel: UpChannel,
      decode: (payload: Uint8Array) => T,
      act: (deviceId: string, value: T, live: boolean) => Promise<void>,
    ): Handler =>
    async (deviceId, payload, live) => {
      let value: T;
      try {
        value = decode(payload);
      } catch (error) {
        await sinks.quarantine.add(deviceId, upTopic(deviceId, channel), error, payload);
        return;
      }
      await act(deviceId, value, live);
    };

  return {
    frame: (deviceId, payload) => frames.take(deviceId, upTopic(deviceId, 'frame'), payload),
    telemetry: guarded(
      'telemetry',
      (payload) => decodeMessage(TelemetryMessage, payload),
      async (deviceId, telemetry) => {
        sinks.background(
          state.record({ deviceId, telemetry, seenMs: seenMs() }).then((isNews) => {
            if (isNews) sinks.onTelemetry(deviceId);
            else metrics.replayed.inc({ channel: 'telemetry' });
          }),
        );
      },
    ),
    reported: guarded(
      'reported',
      (payload) => decodeMessage(ReportedState, payload),
      async (deviceId, reported) => {
        sinks.background(
          state.record({ deviceId, reported, seenMs: seenMs() }).then((isNews) => {
            if (!isNews) return metrics.replayed.inc({ channel: 'reported' });
            sinks.onReported(deviceId, reported);
            sinks.onChanged(deviceId);
          }),
        );
      },
    ),
    presence: guarded(
      'presence',
      (payload) => decodeMessage(PresenceMessage, payload),
      async (deviceId, presence, live) => {
        // The will of a connection that another one has replaced says nothing of the device.
        if (!live) return;
        sinks.background(
          state
            .record({ deviceId, online: presence.online, seenMs: seenMs() })
            .then(() => sinks.onChanged(deviceId)),
        );
      },
    ),
    event: guarded(
      'event',
      (payload) => decodeMessage(EventMessage, payload),
      async (deviceId, event) => {
        await events.add(deviceId, event);
        sinks.onChanged(deviceId);
      },
    ),
    result: guarded(
      'result',
      (payload) => decodeMessage(ResultMessage, payload),
      async (deviceId, result) => commands.answer(deviceId, result),
    ),
  };
}
