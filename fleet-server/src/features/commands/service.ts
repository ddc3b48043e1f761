import { randomUUID } from 'node:crypto';
import {
  type Command,
  type ErrorCode,
  errorCodes,
  LinesideError,
  type ModelTarget,
  type ResultMessage,
} from '@lineside/shared';
import { retriedTransaction } from '../../db/retried-transaction.js';
import type { Services } from '../../services.js';
import { type DeviceRow, findDevice, readReported } from '../devices/repository.js';
import { modelById } from '../models/repository.js';
import { modelTarget, nextReleaseCounter, publishRelease } from '../rollouts/release.js';
import { insertBenchmark } from './repository.js';
import type { Benchmark } from './schemas.js';

const snapshotMs = 10_000;
const briefMs = 10_000;
const logsMs = 30_000;
/** Beyond the measuring itself: loading and warming up. */
const benchmarkMarginMs = 60_000;
/** A package may have to be downloaded over a slow line first. */
const downloadMs = 120_000;

export async function requireDevice(services: Services, id: string): Promise<DeviceRow> {
  const row = await findDevice(services.database.db, id);
  if (!row) throw new LinesideError('device_unknown', id);
  return row;
}

/**
 * Asks the device and waits for its answer.
 * @throws LinesideError `device_unknown`, `device_offline`, `device_timeout`, and whatever code the device answers with
 */
export async function ask(
  services: Services,
  deviceId: string,
  command: Command,
  timeoutMs: number,
): Promise<ResultMessage> {
  await requireDevice(services, deviceId);
  const result = await services.devices.command(deviceId, command, timeoutMs);
  if (result.ok) return result;
  const code = errorCodes.find((known): known is ErrorCode => known === result.code);
  throw new LinesideError(code ?? 'unavailable', result.message);
}

/** What the device left out of an answer that says all went well. */
const incomplete = (what: string) =>
  new LinesideError('payload_invalid', `the device answered without ${what}`);

export async function snapshot(
  services: Services,
  deviceId: string,
  cameraId: string,
  maxWidth: number,
): Promise<{ image: Buffer; capturedAt: Date | null }> {
  const { image, capturedAt } = await ask(
    services,
    deviceId,
    { kind: 'snapshot', cameraId, maxWidth },
    snapshotMs,
  );
  if (!image) throw incomplete('a picture');
  return { image: Buffer.from(image), capturedAt: capturedAt === undefined ? null : new Date(capturedAt) };
}

export async function logs(services: Services, deviceId: string, maxBytes: number): Promise<string> {
  const { logs: text } = await ask(services, deviceId, { kind: 'logs', maxBytes }, logsMs);
  if (text === undefined) throw incomplete('a log');
  return text;
}

/** A command that changes something: who gave it is remembered. */
export async function order(
  services: Services,
  actor: string,
  deviceId: string,
  command: Extract<Command, { kind: 'capture' | 'trigger' | 'restart_camera' }>,
): Promise<void> {
  await ask(services, deviceId, command, briefMs);
  await services.audit.record({
    actor,
    action: `device.${command.kind}`,
    subject: deviceId,
    detail: command.cameraId === undefined ? {} : { cameraId: command.cameraId },
  });
}

/** A device runs nothing that is not signed, not even to measure it. */
async function signedTarget(services: Services, modelVersionId: string): Promise<ModelTarget> {
  const { model, counter } = await retriedTransaction(services.database.db, async (tx) => ({
    model: await modelById(tx, modelVersionId),
    counter: await nextReleaseCounter(tx),
  }));
  await publishRelease(services, model, counter);
  return modelTarget(model, counter);
}

/**
 * Measures a model on a device and stores the result with the circumstances.
 * @throws LinesideError as `ask`, and `not_found` for a model that is not there
 */
export async function benchmark(
  services: Services,
  actor: string,
  deviceId: string,
  input: { modelVersionId?: string | undefined; seconds: number; width: number; height: number },
): Promise<Benchmark> {
  const { seconds, width, height, modelVersionId } = input;
  const device = await requireDevice(services, deviceId);
  if (!services.devices.isConnected(deviceId)) throw new LinesideError('device_offline', deviceId);
  const isRunning = readReported(device)?.model?.version === modelVersionId;
  const model =
    modelVersionId === undefined || isRunning ? undefined : await signedTarget(services, modelVersionId);
  const { benchmark: result } = await ask(
    services,
    deviceId,
    { kind: 'benchmark', seconds, width, height, ...(model ? { model } : {}) },
    seconds * 1000 + benchmarkMarginMs + (model ? downloadMs : 0),
  );
  if (!result) throw incomplete('a benchmark');
  const now = readReported(await requireDevice(services, deviceId));
  const stored = await insertBenchmark(services.database.db, {
    ...result,
    id: randomUUID(),
    deviceId,
    at: new Date(services.now()),
    requestedBy: actor,
    arch: now?.hardware.arch ?? 'unknown',
    hardware: now?.hardware.model ?? 'unknown',
    agentVersion: now?.agentVersion ?? 'unknown',
  });
  await services.audit.record({
    actor,
    action: 'device.benchmark',
    subject: deviceId,
    detail: { model: result.modelVersion, seconds, p50Ms: result.latencyMs.p50 },
  });
  services.live.publish({ type: 'device', deviceId });
  return stored;
}
