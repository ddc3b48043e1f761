import { parentPort, workerData } from 'node:worker_threads';
import { toLinesideError } from '@lineside/shared';
import { openArchive } from './archive.js';
import { readArchive } from './formats/index.js';
import { writePlan } from './plan.js';
import type { ReadingInput, ReadingResult } from './read-in-thread.js';

const { upload, plan, format } = workerData as ReadingInput;
let result: ReadingResult;
try {
  const archive = await openArchive(upload);
  const read = await readArchive(archive, format);
  archive.close();
  result = { format: read.format, contents: writePlan(plan, read) };
} catch (error) {
  const { code, message } = toLinesideError(error, 'archive_invalid');
  result = { code, message };
}
parentPort!.postMessage(result);
