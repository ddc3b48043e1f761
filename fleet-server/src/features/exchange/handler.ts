import { rm, stat } from 'node:fs/promises';
import { LinesideError } from '@lineside/shared';
import type { ClaimedJob } from '../../jobs/queue.js';
import type { JobHandler } from '../../jobs/runner.js';
import type { Services } from '../../services.js';
import { openArchive } from './archive.js';
import { lookUp, resolveClasses } from './class-names.js';
import { commitBatch } from './commit.js';
import { filesOf, readJsonLines } from './files.js';
import type { PlanLine } from './plan.js';
import { readInThread } from './read-in-thread.js';
import { findTransfer, moveTransfer, type TransferRow } from './repository.js';
import { writeExport } from './run-export.js';
import type { ImportOptions } from './schemas.js';
import { prepare } from './take-in.js';

/** How long files are kept after their transfer has ended, and an upload that nobody goes on with. */
export const keepMs = 7 * 24 * 3_600_000;
const linesPerBatch = 50;
/** Pictures that are decoded and stored at the same time. */
const atOnce = 4;
const progressMs = 250;

/** Makes exports, reads and takes in imports. Doing it again after any interruption is safe. */
export function createTransferHandler(services: Services): JobHandler {
  const { db } = services.database;
  const announce = (transferId: string) => services.live.publish({ type: 'transfer', transferId });
  const end = (id: string, change: Parameters<typeof moveTransfer>[3]) =>
    moveTransfer(db, id, ['running'], {
      ...change,
      finishedAt: new Date(services.now()),
      expiresAt: new Date(services.now() + keepMs),
    });

  async function run(job: ClaimedJob, signal: AbortSignal): Promise<void> {
    const id = String(job.payload.transferId);
    const begun = await findTransfer(db, id);
    if (!begun || !['queued', 'running'].includes(begun.state)) return;
    const startedAt = begun.startedAt ?? new Date(services.now());
    await moveTransfer(db, id, ['queued', 'running'], { state: 'running', startedAt });
    announce(id);
    try {
      if (begun.direction === 'export') await runExport(begun, signal);
      else if (begun.contents === null) await read(begun, signal);
      else await takeIn(begun, signal);
    } catch (error) {
      const now = await findTransfer(db, id);
      if (now?.state === 'cancelled')
        await rm(filesOf(services.dataDir, id).folder, { recursive: true, force: true });
      throw error;
    }
    announce(id);
  }

  async function runExport(begun: TransferRow, signal: AbortSignal): Promise<void> {
    const progress = throttled(async (done: number, total: number) => {
      await moveTransfer(db, begun.id, ['running'], { progress: { phase: 'writing', done, total } });
      announce(begun.id);
    });
    try {
      const bytes = await writeExport(
        services,
        {
          ...{ id: begun.id, format: begun.format!, options: begun.exportOptions ?? {} },
          at: begun.createdAt,
        },
        signal,
        progress.report,
      );
      await progress.done();
      await end(begun.id, { state: 'succeeded', bytes });
    } finally {
      await progress.done();
    }
  }

  async function read(begun: TransferRow, signal: AbortSignal): Promise<void> {
    const { upload, plan } = filesOf(services.dataDir, begun.id);
    await moveTransfer(db, begun.id, ['running'], { progress: { phase: 'reading', done: 0, total: 1 } });
    announce(begun.id);
    const { format, contents } = await readInThread({ upload, plan, format: begun.format ?? 'auto' }, signal);
    if (contents.pictures + contents.missing === 0) throw new LinesideError('archive_empty');
    const ids = await lookUp(
      db,
      contents.classes.map(({ name }) => name),
    );
    const classes = contents.classes.map((each) => ({ ...each, classId: ids.get(each.name) ?? null }));
    await moveTransfer(db, begun.id, ['running'], {
      ...{ state: 'ready', format, contents: { ...contents, classes }, progress: null },
      expiresAt: new Date(services.now() + keepMs),
    });
  }

  async function takeIn(begun: TransferRow, signal: AbortSignal): Promise<void> {
    const { upload, plan } = filesOf(services.dataDir, begun.id);
    const options: ImportOptions = begun.importOptions ?? { labelsAs: 'label' };
    const names = begun.contents!.classes.map(({ name }) => name);
    const classIds = await resolveClasses(services, names, options, begun.createdBy);
    const archive = await openArchive(upload);
    try {
      for await (const { line, lines } of batches(plan, begun.line)) {
        signal.throwIfAborted();
        const prepared = await mapAtOnce(lines, (planned, at) =>
          prepare(services, archive, classIds, line + at, planned),
        );
        signal.throwIfAborted();
        await commitBatch(services, begun, classIds, prepared);
      }
    } finally {
      archive.close();
    }
    await end(begun.id, { state: 'succeeded' });
    const { counts } = (await findTransfer(db, begun.id))!;
    await services.audit.record({
      ...{ actor: begun.createdBy, action: 'import.succeed', subject: begun.id, detail: { ...counts } },
    });
    services.live.publish({ type: 'queue' });
    await rm(filesOf(services.dataDir, begun.id).folder, { recursive: true, force: true });
  }

  return {
    run,
    async failed(job, error) {
      const id = String(job.payload.transferId);
      await moveTransfer(db, id, ['queued', 'running'], {
        ...{ state: 'failed', errorCode: error.code, errorMessage: error.message },
        finishedAt: new Date(services.now()),
        expiresAt: new Date(services.now() + keepMs),
      });
      announce(id);
    },
  };
}

/** The lines of a plan from `from` on, some at a time. */
async function* batches(path: string, from: number): AsyncGenerator<{ line: number; lines: PlanLine[] }> {
  let at = 0;
  let lines: PlanLine[] = [];
  for await (const line of readJsonLines<PlanLine>(path)) {
    if (at++ < from) continue;
    lines.push(line);
    if (lines.length < linesPerBatch) continue;
    yield { line: at - lines.length, lines };
    lines = [];
  }
  if (lines.length > 0) yield { line: at - lines.length, lines };
}

async function mapAtOnce<T, R>(items: readonly T[], work: (item: T, at: number) => Promise<R>): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at]!, at);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** Calls with the newest figures, at most every 250 ms. */
function throttled(write: (done: number, total: number) => Promise<void>) {
  let latest: [number, number] | null = null;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  const flush = () => {
    timer = undefined;
    const figures = latest;
    latest = null;
    if (figures) writing = writing.then(() => write(...figures)).catch(() => {});
  };
  return {
    report(done: number, total: number): void {
      latest = [done, total];
      timer ??= setTimeout(flush, progressMs);
    },
    async done(): Promise<void> {
      clearTimeout(timer);
      flush();
      await writing;
    },
  };
}

/** Whether the files of a transfer are still there. */
export const isThere = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
