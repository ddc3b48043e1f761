import { say } from '@lineside/shared';
import type { boxRevisions, frames, importIssues, labels, reviewItems } from '../../db/schema.js';
import type { KnownFrames } from './commit.js';
import { stemOf } from './formats/picture-index.js';
import type { TransferRow } from './repository.js';
import type { ImportCounts } from './schemas.js';
import { boxesOf, type PlacedBox, type Prepared } from './take-in.js';

/** What frames have that no device sent. */
export const newFrame = { deviceId: 'import', cameraOf: (number: number) => `import-${number}` };

/** Of a frame as it will be when the batch is written. */
export interface FrameState {
  id: string;
  width: number;
  height: number;
  labelKind: (typeof frames.$inferSelect)['labelKind'];
  labelClassId: string | null;
  /** The newest of its labels, second opinions included. */
  labelRevision: number;
  boxRevision: number;
  boxes: readonly PlacedBox[];
}

/** Rows to be written, and what came of the lines. */
export interface Plan {
  frames: (typeof frames.$inferInsert)[];
  labels: (typeof labels.$inferInsert)[];
  boxes: (typeof boxRevisions.$inferInsert)[];
  items: Map<string, typeof reviewItems.$inferInsert>;
  issues: (typeof importIssues.$inferInsert)[];
  counts: ImportCounts;
  now: Date;
}

interface Context {
  transfer: TransferRow;
  classIds: ReadonlyMap<string, string | null>;
}

/** The same picture is the same frame, whoever imports it and how often: a UUID (version 8) of its SHA-256. */
export const frameIdOf = (sha256: string): string =>
  [
    sha256.slice(0, 8),
    sha256.slice(8, 12),
    `8${sha256.slice(13, 16)}`,
    `8${sha256.slice(17, 20)}`,
    sha256.slice(20, 32),
  ].join('-');

/** Adds what one line comes to. */
export function planLine(plan: Plan, known: KnownFrames, prepared: Prepared, context: Context): void {
  const issues = [...prepared.issues];
  const state = prepared.read && frameOf(plan, known, prepared, context);
  if (state) {
    if (prepared.classId !== null) label(plan, state, prepared, prepared.classId, context);
    const boxes = boxesOf({ ...prepared, issues }, state, context.classIds);
    if (boxes.length > 0 && !draw(plan, state, prepared, boxes, context)) {
      const message = 'The frame has other boxes, and they were kept.';
      issues.push({ name: prepared.name, code: 'conflict', message });
    }
  } else if (prepared.read) {
    const message = 'It is not in the archive, and no frame has this name.';
    issues.push({ name: prepared.name, code: 'picture_missing', message });
  }
  for (const [part, issue] of issues.entries()) {
    plan.issues.push({ importId: context.transfer.id, line: prepared.line, part, ...issue });
  }
}

function frameOf(
  plan: Plan,
  { byId, bySha }: KnownFrames,
  { picture, name, read, line }: Prepared,
  { transfer }: Context,
): FrameState | null {
  if (!picture) {
    const named = byId.get(stemOf(name)) ?? null;
    if (named) plan.counts.known++;
    return named;
  }
  const { sha256, width, height } = picture;
  const same = bySha.get(sha256) ?? [];
  // Several frames can show one picture; the file is called after the one that is meant.
  const id = same.find((each) => each === stemOf(name)) ?? same[0];
  if (id !== undefined) {
    plan.counts.known++;
    return byId.get(id)!;
  }
  const fresh: FrameState = {
    ...{ id: frameIdOf(sha256), width, height, labelKind: null, labelClassId: null },
    ...{ labelRevision: 0, boxRevision: 0, boxes: [] },
  };
  byId.set(fresh.id, fresh);
  bySha.set(sha256, [fresh.id]);
  plan.counts.frames++;
  const cameraId = newFrame.cameraOf(transfer.number);
  plan.frames.push({
    ...{ id: fresh.id, deviceId: newFrame.deviceId, cameraId, importId: transfer.id, sequence: line },
    // When it was taken is not known: slices by time leave it out.
    ...{ capturedAt: plan.now, receivedAt: plan.now, clockSuspect: true },
    ...{ width, height, imageType: picture.type, imageSha256: sha256, bytes: picture.bytes, reasons: [] },
    source: `${cameraId}/${name}`,
    metadata: read?.split ? { split: read.split } : {},
  });
  plan.items.set(fresh.id, itemOf(plan, fresh.id, transfer));
  return fresh;
}

const itemOf = (plan: Plan, frameId: string, { fileName }: TransferRow): typeof reviewItems.$inferInsert => ({
  ...{
    frameId,
    state: 'queued',
    priority: 0.5,
    reason: say('queue_imported', { file: fileName }),
    enqueuedAt: plan.now,
  },
});

function label(
  plan: Plan,
  state: FrameState,
  { line }: Prepared,
  classId: string,
  { transfer }: Context,
): void {
  const { counts, now } = plan;
  const labelled = state.labelKind === 'class';
  const item = plan.items.get(state.id) ?? itemOf(plan, state.id, transfer);
  if (labelled && state.labelClassId === classId) {
    counts.unchanged++;
    return;
  }
  if (transfer.importOptions?.labelsAs === 'prelabel') {
    if (labelled) return;
    counts.prelabels++;
    plan.items.set(state.id, { ...item, givenClassId: classId });
    return;
  }
  const stands = !labelled || transfer.importOptions?.existing === 'replace';
  state.labelRevision++;
  plan.labels.push({
    ...{ frameId: state.id, revision: state.labelRevision, kind: 'class', classId },
    ...{ author: transfer.createdBy, source: stands ? 'import' : 'second_opinion', at: now },
    requestId: `import:${transfer.id}:${line}`,
  });
  if (!stands) {
    counts.besides++;
    return;
  }
  counts.labels++;
  state.labelKind = 'class';
  state.labelClassId = classId;
  plan.items.set(state.id, { ...item, state: 'answered' });
}

/** @returns false when the frame has other boxes that are to be kept */
function draw(
  plan: Plan,
  state: FrameState,
  { line }: Prepared,
  boxes: readonly PlacedBox[],
  { transfer }: Context,
): boolean {
  const plain = boxes.map(({ classId, x, y, width, height }) => ({ classId, x, y, width, height }));
  const present = state.boxes.map(({ classId, x, y, width, height }) => ({ classId, x, y, width, height }));
  if (JSON.stringify(present) === JSON.stringify(plain)) return true;
  if (present.length > 0 && transfer.importOptions?.existing !== 'replace') return false;
  state.boxRevision++;
  state.boxes = plain;
  plan.boxes.push({
    ...{ frameId: state.id, revision: state.boxRevision, boxes: plain, author: transfer.createdBy },
    ...{ source: 'import', requestId: `import:${transfer.id}:${line}`, at: plan.now },
  });
  plan.counts.boxes += plain.length;
  return true;
}
