import { engines } from '@lineside/fleet-server/testing/engines';
import { reportedState } from '@lineside/fleet-server/testing/reported';
import { enrolDevice, picture, TestDevice } from '@lineside/fleet-server/testing/test-device';
import { startTestServer } from '@lineside/fleet-server/testing/test-server';
import {
  type Alarm,
  type Command,
  type ReportedState,
  type ResultMessage,
  TelemetryMessage,
} from '@lineside/shared';
import t from 'tap';
import { needsChromium } from '../src/system/browser.js';
import { signedInPage } from '../src/system/signed-in-page.js';
import { until } from '../src/system/until.js';

const latencyMs = { p50: 8, p95: 12, p99: 20 };
const gigabyte = 1e9;

const telemetry = TelemetryMessage.parse({
  v: 1,
  at: 0,
  uptimeSeconds: 90,
  framesPerSecond: 9.5,
  framesCaptured: 900,
  framesDropped: 1,
  framesDecided: 899,
  framesAccepted: 800,
  framesFlagged: 40,
  framesUploaded: 39,
  captureErrors: 0,
  inferenceErrors: 0,
  spool: { frames: 1, bytes: 90_000, evicted: 0, corrupt: 0 },
  suppressed: { duplicates: 5, budget: 2 },
  inferenceMs: latencyMs,
  decisionMs: latencyMs,
  rssBytes: 150_000_000,
  cpuShare: 0.4,
  memory: { totalBytes: 8 * gigabyte, availableBytes: 5 * gigabyte },
  disk: { totalBytes: 64 * gigabyte, freeBytes: 40 * gigabyte },
  temperatureCelsius: 51,
  clockOffsetMs: 0,
  cameras: [{ id: 'cam', framesPerSecond: 9.5, captured: 900, dropped: 1, decided: 899, flagged: 40 }],
  outputs: [{ name: 'plc', delivered: 899, failed: 0, latencyMs }],
});

function reported(effective: object, alarms: Alarm[] = [], config: Partial<ReportedState['config']> = {}) {
  const at = Date.now();
  const stages = { captured: { at }, inferred: { at }, decided: { at }, delivered: { at } };
  return reportedState({
    cameras: [{ id: 'cam', state: 'running', stages }],
    config: { revision: 0, phase: 'own', effective, ...config },
    alarms,
  });
}

t.test(
  "a device's page: live picture, alarm, settings, benchmark and log",
  { timeout: 240_000, ...needsChromium },
  async (t) => {
    const server = await startTestServer(t, engines[0]!);
    const { deviceId, ...rest } = await enrolDevice(server, 'outfeed');
    const device = await TestDevice.connect({ deviceId, ...rest });
    t.teardown(() => device.close());
    const effective = { policy: { auditShare: 0.02, recordAll: false }, telemetryIntervalMs: 60_000 };
    const say = (state: ReportedState) => device.publish('reported', JSON.stringify(state));
    await say(reported(effective));
    await device.publish('telemetry', JSON.stringify(telemetry));
    const asked: Command['kind'][] = [];
    const image = await picture('jpeg', 320, 240);
    await device.onCommand((command): Omit<ResultMessage, 'v' | 'id'> => {
      asked.push(command.kind);
      if (command.kind === 'snapshot') return { ok: true, image, capturedAt: Date.now() };
      if (command.kind === 'logs') {
        const lines = [
          { level: 30, time: 1, msg: 'all is well' },
          { level: 50, time: 2, msg: 'the lamp is out' },
        ];
        return { ok: true, logs: lines.map((line) => JSON.stringify(line)).join('\n') };
      }
      if (command.kind !== 'benchmark') return { ok: true };
      const { width, height } = command;
      const model = { modelVersion: 'v3', variant: 'int8', backend: 'cpu', threads: 1 };
      return {
        ok: true,
        benchmark: { ...model, width, height, inferences: 90, perSecond: 88.4, latencyMs, besideLoad: true },
      };
    });

    const { page, complaints } = await signedInPage(t, await server.invite('engineer'));
    await page.getByTestId(`device-${deviceId}`).click();
    await page.getByTestId('open-device-page').click();

    await page.locator('[data-testid=stage-cam-decided][data-tone=ok]').waitFor();
    await page.getByText('8.0 / 12 / 20').first().waitFor();
    await page.getByTestId('live-cam').click();
    await page.getByTestId('snapshot-cam').waitFor();
    const decoded = () =>
      page
        .getByTestId('snapshot-cam')
        .evaluate((img) => (img as unknown as { naturalWidth: number }).naturalWidth);
    t.equal(await until('the picture to be drawn', decoded), 320);
    await page.getByTestId('restart-cam').click();
    await until('the restart to arrive', () => asked.includes('restart_camera'));

    const since = Date.now();
    const alarm = { code: 'camera_silent', severity: 'error' as const, message: 'nothing is decided', since };
    await say(reported(effective, [{ ...alarm, cameraId: 'cam' }]));
    await page.getByTestId('device-alarms').getByText('nothing is decided').waitFor();
    t.equal(await page.getByTestId('device-health').innerText(), '1 alarm');

    await page.getByTestId('tab-settings').click();
    await page.getByTestId('settings-view').getByText('All settings').click();
    const json = page.getByTestId('settings-json');
    await json.fill('{ "policy": { "auditShare": 7 } }');
    await page.getByTestId('settings-problem').getByText('policy.auditShare').waitFor();
    t.ok(await page.getByTestId('save-settings').isDisabled());
    await json.fill('{ "policy": { "auditShare": 0.5 } }');
    await page.getByTestId('settings-view').getByText('Usual settings').click();
    t.equal(await page.getByTestId('audit-share').inputValue(), '50 %');
    await page.getByTestId('save-settings').click();
    await until('the settings to arrive', () => device.desired.at(-1)?.config?.revision === 1);
    t.match(device.desired.at(-1)?.config, { settings: { policy: { auditShare: 0.5 } } });
    const refusal = { code: 'config_unhealthy', message: 'no frame in 30 s', refusedRevision: 1 };
    await say(reported(effective, [], { phase: 'rolled_back', ...refusal }));
    await page.getByTestId('config-phase').getByText('Rolled back').waitFor();
    await page.getByText('no frame in 30 s').waitFor();

    await page.getByTestId('tab-models').click();
    await page.getByTestId('run-benchmark').click();
    await page.getByTestId('benchmarks').getByText('88').first().waitFor();
    await page.getByTestId('tab-logs').click();
    await page.getByTestId('log-lines').getByText('all is well').waitFor();
    await page.getByTestId('log-level').getByText('Errors').click();
    t.equal(await page.getByTestId('log-lines').locator('li').count(), 1);
    t.strictSame(complaints, [], 'the page raised no error');
  },
);
