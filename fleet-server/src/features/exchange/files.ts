import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Where the files of one import or export lie. */
export function filesOf(dataDir: string, id: string) {
  const folder = join(dataDir, 'transfers', id);
  return {
    folder,
    /** Of an import, as far as it has come. */
    upload: join(folder, 'upload.zip'),
    /** What is to be taken in: one picture or issue a line. */
    plan: join(folder, 'plan.jsonl'),
    /** Of an export: the frames as they were when it began, one a line. */
    frames: join(folder, 'frames.jsonl'),
    /** Of an export that is done. */
    archive: join(folder, 'archive.zip'),
  };
}

/** The lines of a file of JSON, one value each. */
export async function* readJsonLines<T>(path: string): AsyncGenerator<T> {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) if (line !== '') yield JSON.parse(line) as T;
}
