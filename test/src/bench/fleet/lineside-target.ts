import { ApiClient } from '../../system/api-client.js';
import { freePort } from '../../system/free-port.js';
import { startServer } from '../../system/server.js';
import { until } from '../../system/until.js';
import { collecting, type Target } from './target.js';

const patience = { timeoutMs: 600_000, everyMs: 100 };

export interface LinesideTarget extends Target {
  readonly api: ApiClient;
}

/** A fleet server as people run it. */
export async function startLineside(dataDir: string, databaseUrl: string | null): Promise<LinesideTarget> {
  const ports = { api: await freePort(), device: await freePort(), mqtt: await freePort() };
  const start = () =>
    startServer({
      ...{ dataDir, ports, env: { LINESIDE_LOG_LEVEL: 'warn', ...collecting } },
      ...(databaseUrl === null ? {} : { databaseUrl }),
    });
  let server = await start();
  const { apiUrl, mqttUrl, signInUrl } = server.ready;
  const api = new ApiClient(apiUrl);
  await api.signInByLink(signInUrl ?? '');
  const reports = async () => {
    const text = await (await fetch(`${apiUrl}/metrics`)).text();
    return Number(/^lineside_mqtt_messages_total\{channel="reported"\} (\d+)/m.exec(text)?.[1] ?? 0);
  };
  return {
    ...{ name: 'lineside', api, mqttUrl, reports },
    get pid() {
      return server.pid;
    },
    async restart() {
      await server.kill();
      server = await start();
    },
    async known({ deviceId, atMs }) {
      await until(
        'the last report',
        async () => ((await api.getDevice(deviceId)).reported?.at ?? 0) >= atMs,
        patience,
      );
    },
    async online(devices) {
      await until(
        `${devices} devices to be online`,
        async () => {
          const { devicesOnline } = await api.request<{ devicesOnline: number }>('GET', '/status');
          return devicesOnline >= devices && (await reports()) >= devices;
        },
        patience,
      );
    },
    stop: () => server.stop(),
  };
}
