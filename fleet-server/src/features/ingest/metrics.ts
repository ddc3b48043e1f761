import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** What `/metrics` says of ingest. */
export interface IngestMetrics {
  frames: Counter<'result'>;
  bytes: Counter;
  commitSeconds: Histogram;
  messages: Counter<'channel'>;
  replayed: Counter<'channel'>;
  quarantined: Counter<'code'>;
  refused: Counter<'reason'>;
}

export function ingestMetrics(
  registry: Registry,
  gauges: { inFlightBytes(): number; connected(): number },
): IngestMetrics {
  const registers = [registry];
  new Gauge({
    name: 'lineside_mqtt_in_flight_bytes',
    help: 'Bytes read from devices that are not durable yet',
    registers,
    collect() {
      this.set(gauges.inFlightBytes());
    },
  });
  new Gauge({
    name: 'lineside_devices_connected',
    help: 'Devices with a live MQTT connection',
    registers,
    collect() {
      this.set(gauges.connected());
    },
  });
  return {
    frames: new Counter({
      name: 'lineside_ingest_frames_total',
      help: 'Frames by what became of them',
      labelNames: ['result'],
      registers,
    }),
    bytes: new Counter({
      name: 'lineside_ingest_image_bytes_total',
      help: 'Bytes of pictures taken in',
      registers,
    }),
    commitSeconds: new Histogram({
      name: 'lineside_ingest_commit_seconds',
      help: 'Duration of one group commit of frames',
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
      registers,
    }),
    messages: new Counter({
      name: 'lineside_mqtt_messages_total',
      help: 'Messages from devices by channel',
      labelNames: ['channel'],
      registers,
    }),
    replayed: new Counter({
      name: 'lineside_mqtt_replayed_total',
      help: 'Reports and telemetry that were not after what is known of the device',
      labelNames: ['channel'],
      registers,
    }),
    quarantined: new Counter({
      name: 'lineside_quarantined_total',
      help: 'Messages that did not validate',
      labelNames: ['code'],
      registers,
    }),
    refused: new Counter({
      name: 'lineside_mqtt_refused_total',
      help: 'Connections, packets and topics that were refused',
      labelNames: ['reason'],
      registers,
    }),
  };
}
