import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { partClasses } from '@lineside/agent/capture/synthetic/line';
import { renderPart } from '@lineside/agent/capture/synthetic/render-part';
import { LocalBlobs } from '@lineside/fleet-server/blobs/local-blobs';
import { openDatabase } from '@lineside/fleet-server/db/open';
import { classes, devices, frames, labels, reviewItems } from '@lineside/fleet-server/db/schema';
import { nextColour } from '@lineside/fleet-server/features/classes/palette';
import { seededRandom } from '@lineside/fleet-server/learning/random';
import sharp from 'sharp';

const pictureCount = 240;
const perInsert = 1000;
const size = { width: 480, height: 360 };
const minute = 60_000;
const embeddingLength = 32;

/**
 * A store as years of use leave it, written before the server opens it: `count` frames of four devices over a few hundred
 * generated pictures, a share of them labelled, one label in fifty wrongly, the others in the review queue.
 * @param options.labelledShare a fifth unless told
 */
export async function storeFrames(
  options: {
    dataDir: string;
    count: number;
    nowMs: number;
    databaseUrl?: string | undefined;
    labelledShare?: number;
  },
  say: (line: string) => void = () => {},
): Promise<void> {
  const { dataDir, count, nowMs, labelledShare = 0.2 } = options;
  const database = await openDatabase({
    dataDir,
    ...(options.databaseUrl ? { url: options.databaseUrl } : {}),
  });
  const blobs = await LocalBlobs.open(join(dataDir, 'blobs'));
  const { db } = database;
  const random = seededRandom(100);
  const pictures = await drawPictures(blobs);
  const names = ['Press 1', 'Press 2', 'Paint shop', 'Packing'];
  const colours: string[] = [];
  for (const [position, id] of partClasses.entries()) {
    const colour = nextColour(colours);
    colours.push(colour);
    await db.insert(classes).values({ id, name: id.replace('_', ' '), colour, position });
  }
  await db.insert(devices).values(
    names.map((name, at) => ({
      ...{ id: `device-${at}`, name, certificatePem: '', certificateSha256: '' },
      certificateExpiresAt: new Date(nowMs + 1e11),
    })),
  );
  for (let from = 0; from < count; from += perInsert) {
    const rows = Array.from({ length: Math.min(perInsert, count - from) }, (_, at) => {
      const n = from + at;
      const picture = pictures[n % pictures.length] as (typeof pictures)[number];
      const when = new Date(nowMs - (count - n) * minute);
      const confidence = 0.35 + 0.64 * random();
      const right = random() < 0.8;
      const said = right ? picture.label : (partClasses[n % partClasses.length] as string);
      const labelled = random() < labelledShare;
      const given = random() < 0.98 ? picture.label : (partClasses[(n + 1) % partClasses.length] as string);
      const truth = partClasses.indexOf(picture.label as (typeof partClasses)[number]);
      const embedding = Float32Array.from(
        { length: embeddingLength },
        (_, j) => random() + random() + (j === truth ? 1.5 : 0),
      );
      const id = frameId(when.getTime(), n);
      return {
        labelled,
        confidence,
        frame: {
          ...{ id, deviceId: `device-${n % names.length}`, cameraId: 'line', sequence: n },
          ...{ capturedAt: when, receivedAt: when, ...size, imageType: 'image/jpeg' },
          ...{ imageSha256: picture.sha256, bytes: picture.bytes, groupKey: `part-${n}` },
          reasons: [
            { kind: confidence < 0.7 ? ('low_confidence' as const) : ('audit' as const), score: 0.5 },
          ],
          decision: {
            ...{ modelVersion: n < count / 2 ? 'v1' : 'v2', classId: said, confidence },
            ...{ margin: confidence / 2, accepted: confidence > 0.9, latencyMs: 12 },
            probabilities: { [said]: confidence },
          },
          metadata: { truth: picture.label },
          ...(labelled ? { labelRevision: 1, labelKind: 'class' as const, labelClassId: given } : {}),
          embedding: new Uint8Array(embedding.buffer),
          embeddingSpace: 'stored',
        },
      };
    });
    await db.insert(frames).values(rows.map(({ frame }) => frame));
    const done = rows.filter(({ labelled }) => labelled);
    const given = done.map(({ frame }) => ({
      ...{ frameId: frame.id, revision: 1, kind: 'class' as const, classId: frame.labelClassId as string },
      ...{ author: 'operator@example.org', source: 'review' as const, requestId: `stored-${frame.id}` },
      at: frame.receivedAt,
    }));
    if (given.length > 0) await db.insert(labels).values(given);
    await db.insert(reviewItems).values(
      rows.map(({ frame, labelled, confidence }) => ({
        ...{ frameId: frame.id, state: labelled ? ('answered' as const) : ('queued' as const) },
        ...{ priority: 1 - confidence, reason: 'The camera was not sure', enqueuedAt: frame.receivedAt },
      })),
    );
    if ((from / perInsert) % 20 === 0) say(`${from + rows.length} of ${count} frames stored`);
  }
  await db.execute('analyze');
  await database.close();
}

async function drawPictures(blobs: LocalBlobs) {
  const drawn: { label: string; sha256: string; bytes: number }[] = [];
  for (let seed = 0; seed < pictureCount; seed++) {
    const defect = partClasses[seed % partClasses.length] as (typeof partClasses)[number];
    const { rgb } = renderPart({ ...size, seed, defect, difficulty: 0.2 });
    const jpeg = await sharp(rgb, { raw: { ...size, channels: 3 } })
      .jpeg({ quality: 80 })
      .toBuffer();
    const { sha256, length } = await blobs.put(jpeg);
    drawn.push({ label: defect, sha256, bytes: length });
  }
  return drawn;
}

/** UUIDv7 of a time and a number. */
function frameId(ms: number, n: number): string {
  const time = ms.toString(16).padStart(12, '0');
  const tail = createHash('sha256').update(String(n)).digest('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${tail.slice(0, 3)}-8${tail.slice(3, 6)}-${tail.slice(6, 18)}`;
}
