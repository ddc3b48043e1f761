import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { LinesideError } from '@lineside/shared';
import { transfers } from '../../db/schema.js';
import type { Actor } from '../../http/route.js';
import * as queue from '../../jobs/queue.js';
import type { Services } from '../../services.js';
import { datasetById } from '../datasets/repository.js';
import { filesOf } from './files.js';
import { type FormatName, formats } from './formats/index.js';
import { isThere, keepMs } from './handler.js';
import { moveTransfer, type TransferRow, toTransfer, transferById } from './repository.js';
import type { ExportOptions, ImportOptions, Transfer } from './schemas.js';
import { createUploads, requireRoom } from './uploads.js';

export const transferJob = 'transfer';

export type Exchange = ReturnType<typeof createExchange>;

export function createExchange(services: Services, { maxImportBytes }: { maxImportBytes: number }) {
  const { dataDir, database, audit, live } = services;
  const { db } = database;
  const upload = createUploads(dataDir);
  const announce = (transferId: string) => live.publish({ type: 'transfer', transferId });
  const show = async (id: string): Promise<Transfer> => toTransfer(dataDir, await transferById(db, id));
  const enqueue = (tx: Parameters<typeof queue.enqueue>[0], transferId: string) =>
    queue.enqueue(tx, { kind: transferJob, payload: { transferId } }, services.now());

  /** @throws LinesideError `not_found`, `request_invalid` when the format cannot carry what is asked for */
  async function startExport(
    actor: Actor,
    { format, ...options }: ExportOptions & { format: FormatName },
  ): Promise<Transfer> {
    const { datasetVersionId, frames } = options;
    if (datasetVersionId !== undefined) await datasetById(db, datasetVersionId);
    if (datasetVersionId !== undefined && frames !== undefined) {
      throw new LinesideError('request_invalid', 'A dataset version has its own frames.');
    }
    if (
      formats[format].carries === 'labelled' &&
      (options.pictures === false || (frames ?? 'labelled') !== 'labelled')
    ) {
      throw new LinesideError('request_invalid', `${format} carries labelled pictures and nothing else.`);
    }
    const id = randomUUID();
    const what = datasetVersionId ?? frames ?? 'labelled';
    await db.transaction(async (tx) => {
      await tx.insert(transfers).values({
        ...{ id, direction: 'export', state: 'queued', format, bytes: 0, exportOptions: options },
        fileName: `lineside-${what}-${format}.zip`,
        ...{ createdAt: new Date(services.now()), createdBy: actor.email },
      });
      await enqueue(tx, id);
    });
    await audit.record({
      actor: actor.email,
      action: 'export.start',
      subject: id,
      detail: { format, ...options },
    });
    announce(id);
    return show(id);
  }

  /** @throws LinesideError `payload_too_large`, `storage_full` */
  async function createImport(
    actor: Actor,
    body: { fileName: string; bytes: number; format?: FormatName },
  ): Promise<Transfer> {
    if (body.bytes > maxImportBytes) {
      throw new LinesideError('payload_too_large', `An archive may have ${maxImportBytes} bytes.`);
    }
    await requireRoom(dataDir, body.bytes);
    const id = randomUUID();
    await db.insert(transfers).values({
      ...{ id, direction: 'import', state: 'uploading', format: body.format ?? null, bytes: body.bytes },
      fileName: body.fileName,
      ...{ createdAt: new Date(services.now()), createdBy: actor.email },
      expiresAt: new Date(services.now() + keepMs),
    });
    await audit.record({
      ...{ actor: actor.email, action: 'import.create', subject: id },
      detail: { fileName: body.fileName, bytes: body.bytes },
    });
    announce(id);
    return show(id);
  }

  /** @throws LinesideError `not_found`, `transfer_state`, `upload_offset`, `payload_too_large`, `storage_*` */
  async function takePart(id: string, body: Readable, offset: number): Promise<Transfer> {
    const row = await transferById(db, id, 'import');
    requireState(row, 'uploading');
    const received = await upload(id, body, offset, row.bytes);
    if (received === row.bytes) {
      await db.transaction(async (tx) => {
        const moved = await moveTransfer(tx, id, ['uploading'], { state: 'queued', expiresAt: null });
        if (moved) await enqueue(tx, id);
      });
      announce(id);
    }
    return show(id);
  }

  /** Takes in what was read, or goes on where a failed import stopped. @throws LinesideError `not_found`, `transfer_state` */
  async function startImport(actor: Actor, id: string, options: ImportOptions): Promise<Transfer> {
    const row = await transferById(db, id, 'import');
    if (row.contents === null || !(await isThere(filesOf(dataDir, id).plan))) {
      throw new LinesideError('transfer_state', 'There is nothing that was read and could be taken in.');
    }
    await db.transaction(async (tx) => {
      const moved = await moveTransfer(tx, id, ['ready', 'failed'], {
        ...{ state: 'queued', importOptions: options, createdBy: actor.email, expiresAt: null },
        ...{ errorCode: null, errorMessage: null, finishedAt: null },
      });
      if (!moved) requireState(row, 'ready');
      await enqueue(tx, id);
    });
    await audit.record({ actor: actor.email, action: 'import.start', subject: id, detail: { ...options } });
    announce(id);
    return show(id);
  }

  /** @throws LinesideError `not_found`, `transfer_state` when it has ended */
  async function cancel(actor: Actor, id: string): Promise<Transfer> {
    const row = await transferById(db, id);
    await db.transaction(async (tx) => {
      const now = new Date(services.now());
      const moved = await moveTransfer(tx, id, ['uploading', 'ready', 'queued', 'running'], {
        ...{ state: 'cancelled', finishedAt: now, expiresAt: now },
      });
      if (!moved) throw new LinesideError('transfer_state', `It has ${row.state} already.`);
      await queue.cancel(tx, { transferId: id }, services.now());
    });
    if (row.state !== 'running') await rm(filesOf(dataDir, id).folder, { recursive: true, force: true });
    await audit.record({ actor: actor.email, action: `${row.direction}.cancel`, subject: id });
    announce(id);
    return show(id);
  }

  return { show, startExport, createImport, takePart, startImport, cancel };
}

function requireState(row: TransferRow, state: TransferRow['state']): void {
  if (row.state !== state) throw new LinesideError('transfer_state', `It is ${row.state}, not ${state}.`);
}
