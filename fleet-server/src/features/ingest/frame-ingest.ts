import {
  decodeMessage,
  defineMessage,
  FrameMessage,
  Id,
  LinesideError,
  type ReceiptMessage,
} from '@lineside/shared';
import type { FastifyBaseLogger } from 'fastify';
import Type from 'typebox';
import type { Db } from '../../db/database.js';
import { GroupCommit } from '../../db/group-commit.js';
import { sqlState } from '../../db/retried-transaction.js';
import type { Blobs } from '../../services.js';
import { insertFrames } from './frame-repository.js';
import { checkImage, type FrameRow, toFrameRow } from './frame-row.js';
import type { IngestMetrics } from './metrics.js';
import type { Quarantine } from './quarantine.js';

export type Receipt = ReceiptMessage['receipts'][number];

export interface FrameIngestOptions {
  db: Db;
  blobs: Blobs;
  quarantine: Quarantine;
  metrics: IngestMetrics;
  log: FastifyBaseLogger;
  now: () => number;
  sendReceipts(deviceId: string, receipts: Receipt[]): Promise<void>;
  /** After the commit, with the frames that were new. */
  onStored(deviceId: string, frameIds: string[]): void;
}

interface Pending {
  row: FrameRow;
  topic: string;
  payload: Uint8Array;
}

/** A frame that is no frame may still tell its id, and then the device can be told to let go of it. */
const FrameId = defineMessage({
  name: 'frame',
  version: 1,
  encoding: 'cbor',
  schema: Type.Object({ id: Id }),
});

/**
 * Frames from devices: validate, image to disk, row to the database, receipt to the device, in this order. Many frames
 * share one commit. A frame is never acknowledged before it is durable, and a bad one is never a reason to loop.
 */
export class FrameIngest {
  private readonly commits: GroupCommit<Pending>;

  constructor(private readonly options: FrameIngestOptions) {
    this.commits = new GroupCommit((group) => this.commit(group));
  }

  get queued(): number {
    return this.commits.length;
  }

  /**
   * Resolves when the frame is settled: stored, known already, or in quarantine.
   * @throws LinesideError `storage_full`, `storage_failed`, `database_unavailable`: nothing is settled, send it again
   */
  async take(deviceId: string, topic: string, payload: Uint8Array): Promise<void> {
    const { blobs, metrics } = this.options;
    let frame: FrameMessage;
    try {
      frame = decodeMessage(FrameMessage, payload);
      checkImage(frame);
    } catch (error) {
      return this.reject(deviceId, topic, error, payload, idOf(payload));
    }
    const { sha256 } = await blobs.put(frame.image);
    const row = toFrameRow(deviceId, frame, sha256, this.options.now());
    metrics.bytes.inc(frame.image.byteLength);
    await this.commits.submit({ row, topic, payload });
  }

  idle(): Promise<void> {
    return this.commits.idle();
  }

  private async commit(group: Pending[]): Promise<void> {
    const end = this.options.metrics.commitSeconds.startTimer();
    let fresh: Set<string>;
    const refused = new Set<Pending>();
    try {
      fresh = await insertFrames(
        this.options.db,
        group.map(({ row }) => row),
      );
    } catch (error) {
      if (!isDataError(error)) throw unavailable(error);
      fresh = await this.commitOneByOne(group, refused);
    }
    end();
    await this.announce(
      group.filter((pending) => !refused.has(pending)),
      fresh,
    );
  }

  /** One row that the database refuses must not take the others with it. */
  private async commitOneByOne(group: Pending[], refused: Set<Pending>): Promise<Set<string>> {
    const fresh = new Set<string>();
    for (const pending of group) {
      try {
        for (const id of await insertFrames(this.options.db, [pending.row])) fresh.add(id);
      } catch (error) {
        if (!isDataError(error)) throw unavailable(error);
        refused.add(pending);
        const { row, topic, payload } = pending;
        const reason = new LinesideError('payload_invalid', 'the database refuses a value of this frame', {
          cause: error,
        });
        await this.reject(row.deviceId, topic, reason, payload, row.id);
      }
    }
    return fresh;
  }

  private async announce(settled: Pending[], fresh: ReadonlySet<string>): Promise<void> {
    const { metrics, sendReceipts, onStored, log } = this.options;
    const receipts = new Map<string, Receipt[]>();
    const stored = new Map<string, string[]>();
    const seen = new Set<string>();
    for (const { row } of settled) {
      const isNew = fresh.has(row.id) && !seen.has(row.id);
      seen.add(row.id);
      metrics.frames.inc({ result: isNew ? 'stored' : 'duplicate' });
      push(receipts, row.deviceId, { id: row.id, status: isNew ? 'stored' : 'duplicate' });
      if (isNew) push(stored, row.deviceId, row.id);
    }
    for (const [deviceId, list] of receipts) {
      await sendReceipts(deviceId, list).catch((error: Error) =>
        log.warn({ deviceId, error }, 'receipt not sent'),
      );
    }
    for (const [deviceId, ids] of stored) onStored(deviceId, ids);
  }

  private async reject(
    deviceId: string,
    topic: string,
    error: unknown,
    payload: Uint8Array,
    id: string | null,
  ): Promise<void> {
    const code = error instanceof LinesideError ? error.code : 'payload_invalid';
    this.options.metrics.frames.inc({ result: 'rejected' });
    this.options.log.warn({ deviceId, code, reason: (error as Error).message }, 'frame rejected');
    await this.options.quarantine.add(deviceId, topic, error, payload);
    if (id === null) return;
    await this.options.sendReceipts(deviceId, [{ id, status: 'rejected', code }]).catch(() => {});
  }
}

function idOf(payload: Uint8Array): string | null {
  try {
    return decodeMessage(FrameId, payload).id;
  } catch {
    return null;
  }
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** SQLSTATE class 22 is data, 23 a constraint: the row's fault, not the connection's. */
const isDataError = (error: unknown): boolean => /^2[23]/.test(sqlState(error) ?? '');

const unavailable = (error: unknown) =>
  new LinesideError('database_unavailable', error instanceof Error ? error.message.slice(0, 300) : '', {
    cause: error,
  });
