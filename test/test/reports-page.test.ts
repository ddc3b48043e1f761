import { createHash, randomUUID } from 'node:crypto';
import {
  datasetVersions,
  devices,
  driftStates,
  frames,
  trainingRuns,
} from '@lineside/fleet-server/db/schema';
import type { AnomalyReport } from '@lineside/fleet-server/learning/anomaly/report';
import { newDriftState, observe } from '@lineside/fleet-server/learning/drift/monitor';
import { classificationMetrics, proportion } from '@lineside/fleet-server/learning/metrics';
import type { VariantsReport } from '@lineside/fleet-server/learning/variants/report';
import { engines } from '@lineside/fleet-server/testing/engines';
import { reportedState } from '@lineside/fleet-server/testing/reported';
import { picture } from '@lineside/fleet-server/testing/test-device';
import { startTestServer, type TestServer } from '@lineside/fleet-server/testing/test-server';
import t from 'tap';
import { needsChromium } from '../src/system/browser.js';
import { signedInPage, tablet } from '../src/system/signed-in-page.js';
import { until } from '../src/system/until.js';

const strangest = ['00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002'];
const agreement = {
  ...{
    sameAnswer: proportion(98, 100),
    largestDifference: 0.1,
    meanDifference: 0.01,
    embeddingDistance: 0.02,
  },
  accuracy: { model: proportion(91, 100), variant: proportion(90, 100) },
};

const variants: VariantsReport = {
  ...{ calibrationFrames: 100, comparedOn: 'held-out' },
  made: [{ deviceClass: 'x86-vnni', bytes: 2_400_000, tolerance: 0.1, agreement }],
  skipped: [{ deviceClass: 'arm64', reason: 'disagrees', message: 'gives another answer on 9.0 %' }],
};
const anomaly: Partial<AnomalyReport> = {
  ...{ v: 1, kind: 'anomaly', goodClassId: 'ok', auroc: 0.852, meanColourAuroc: 0.505 },
  frames: { good: 683, groups: 128, heldOut: 269, others: 392, skipped: 0, leftOut: 0 },
  limit: { score: 1.62, alpha: 0.05, groups: 128, above: 3 },
  ...{ heldOutFlagged: proportion(3, 269), othersFlagged: proportion(120, 392) },
  highest: strangest.map((frameId, at) => ({ frameId, classId: 'ok', score: 2.1 - at / 10 })),
};

/** Runs that are over, with what they found, and two frames to look at. */
async function addRuns({ services }: TestServer): Promise<{ classifier: string; anomaly: string }> {
  const { db } = services.database;
  const { sha256, length } = await services.blobs.put(await picture('png', 64, 48));
  const at = new Date();
  await db.insert(frames).values(
    strangest.map((id, sequence) => ({
      ...{ id, deviceId: 'press', cameraId: 'cam', sequence, capturedAt: at, width: 64, height: 48 },
      ...{ imageType: 'image/png', imageSha256: sha256, bytes: length },
      reasons: [{ kind: 'audit' as const, score: 0.9 }],
    })),
  );
  const dataset = {
    id: 'd1',
    number: 1,
    sha256: createHash('sha256').digest('hex'),
    frames: 2,
    createdBy: 'ann',
  };
  await db.insert(datasetVersions).values({ ...dataset, classes: [] });
  const over = {
    state: 'succeeded',
    datasetId: 'd1',
    createdBy: 'ann',
    startedAt: at,
    finishedAt: at,
  } as const;
  const runs = { classifier: randomUUID(), anomaly: randomUUID() };
  const heldOut = classificationMetrics([0.9, 0.1, 0.2, 0.8], Int32Array.of(0, 1), ['ok', 'scratch']);
  await db.insert(trainingRuns).values([
    { ...over, id: runs.classifier, options: {}, report: { v: 1, heldOut, variants } },
    { ...over, id: runs.anomaly, options: { kind: 'anomaly', goodClassId: 'ok' }, report: anomaly },
  ]);
  return runs;
}

/** A device whose model became unsure a while ago. */
async function addDrift({ services }: TestServer): Promise<void> {
  const { db } = services.database;
  const state = newDriftState();
  for (let minute = 0; minute < 400; minute++) {
    const confidence =
      minute < 300 ? 0.9 + (0.09 * ((minute * 7) % 11)) / 11 : 0.5 + (0.1 * ((minute * 7) % 11)) / 11;
    observe(state, {
      ...{
        id: strangest[minute % 2]!,
        cameraId: 'cam',
        group: null,
        classId: 'ok',
        classIds: ['ok', 'scratch'],
      },
      ...{ atMs: Date.now() - (400 - minute) * 60_000, confidence, distance: null },
    });
  }
  const model = { version: 'v1', releaseCounter: 1, manifestSha256: '0'.repeat(64), variant: 'fp32' };
  await db.insert(devices).values({
    ...{ id: 'press', name: 'Press', certificatePem: '', certificateSha256: '', online: true },
    ...{ certificateExpiresAt: new Date('2100-01-01'), reported: reportedState({ model }) },
  });
  await db.insert(driftStates).values({
    ...{ modelVersionId: 'v1', deviceId: 'press', state, alarmAt: new Date() },
    message: 'the model is less sure',
  });
}

t.test(
  'reports of a classifier and of an anomaly model, and a drift alarm that is settled',
  { timeout: 240_000, ...needsChromium },
  async (t) => {
    const server = await startTestServer(t, engines[0]!);
    const runs = await addRuns(server);
    await addDrift(server);
    const { page, complaints } = await signedInPage(t, await server.invite('operator'), tablet);
    const go = (path: string) => page.goto(new URL(path, server.apiUrl).href);

    await go(`/training/${runs.classifier}`);
    const shown = page.getByTestId('training-variants');
    await shown.getByText('98.0%').waitFor();
    await shown.getByText('gives another answer on 9.0 %').waitFor();

    await go(`/training/${runs.anomaly}`);
    const report = page.getByTestId('anomaly-report');
    for (const text of ['0.852', 'mean colour alone: 0.505', '1.62']) {
      await report.getByText(text).first().waitFor();
    }
    await report.locator('img').last().scrollIntoViewIfNeeded();
    const drawn = () =>
      report
        .locator('img')
        .evaluateAll((all) => (all as { naturalWidth?: number }[]).filter((img) => img.naturalWidth).length);
    await until('the strangest parts to be drawn', async () => (await drawn()) === strangest.length);

    await go('/fleet/press');
    await page.getByTestId('drift-alarm-press').getByText('the model is less sure').waitFor();
    t.equal(await page.getByTestId('drift-train').count(), 0, 'an operator does not train');
    await page.getByTestId('drift-settle').click();
    await page.getByTestId('settle-lens').click();
    await page.getByTestId('device-drift').getByText('Learning what is usual').waitFor();
    await page.getByTestId('drift-alarm-press').waitFor({ state: 'detached' });
    t.match((await server.admin.get('/drift')).body, {
      items: [{ alarm: null, settled: { cause: 'lens' } }],
    });
    t.strictSame(complaints, [], 'the pages raised no error');
  },
);
