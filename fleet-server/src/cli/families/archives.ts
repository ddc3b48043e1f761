import { createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { setTimeout as pause } from 'node:timers/promises';
import { LinesideError } from '@lineside/shared';
import type { ApiClient } from '../../client/api-client.js';
import { formatNames } from '../../features/exchange/formats/index.js';
import type { Transfer } from '../../features/exchange/schemas.js';
import type { Call, Command } from '../command.js';
import { orInterrupted } from '../exit-status.js';

const pollMs = 500;
const partBytes = 8 << 20;
const format = { value: 'NAME', help: formatNames.join(', ') };

const get = (api: ApiClient, id: string) =>
  api.request<Transfer>('GET', `/transfers/${encodeURIComponent(id)}`);

/** Follows an import or export until it is in one of these states. @throws LinesideError with its code when it fails */
async function until(
  api: ApiClient,
  id: string,
  states: readonly Transfer['state'][],
  call: Call,
): Promise<Transfer> {
  for (;;) {
    const transfer = await get(api, id);
    const { state, progress, error } = transfer;
    if (progress) call.output.bar(progress.phase, progress.done / Math.max(1, progress.total), state);
    if (states.includes(state)) {
      call.output.endBar();
      return transfer;
    }
    if (error || state === 'cancelled') {
      throw new LinesideError(
        'transfer_state',
        error ? `${error.code}: ${error.message}` : 'It was cancelled.',
      );
    }
    await pause(pollMs, undefined, { signal: call.signal }).catch(() => undefined);
    orInterrupted(call.signal);
  }
}

/** Writes the answer to a file that is there only when it is whole. */
async function save(response: Response, path: string, { output }: Call): Promise<void> {
  const part = `${path}.part`;
  try {
    await pipeline(
      Readable.fromWeb(response.body as ReadableStream),
      output.counting('download', Number(response.headers.get('content-length') ?? 0)),
      createWriteStream(part),
    );
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

/** Sends what the server does not have yet. */
async function upload(
  api: ApiClient,
  transfer: Transfer,
  path: string,
  { output, signal }: Call,
): Promise<void> {
  const file = await open(path);
  try {
    for (let sent = transfer.received ?? 0; sent < transfer.bytes; ) {
      orInterrupted(signal);
      const part = Buffer.alloc(Math.min(partBytes, transfer.bytes - sent));
      await file.read(part, 0, part.length, sent);
      const url = `/imports/${encodeURIComponent(transfer.id)}/parts?offset=${sent}`;
      const type = 'application/octet-stream';
      sent = (await api.request<Transfer>('PUT', url, part, { type, signal })).received ?? transfer.bytes;
      output.bar('upload', sent / transfer.bytes, `${(sent / 1e6).toFixed(1)} MB`);
    }
  } finally {
    output.endBar();
    await file.close();
  }
}

export const archives: readonly Command[] = [
  {
    words: 'archives list',
    help: 'imports and exports, newest first',
    async run({ api, output }) {
      const answer = await (await api()).request<{ items: Transfer[] }>('GET', '/transfers');
      output.table(answer, ['ID', 'WHAT', 'STATE', 'FORMAT', 'FILE', 'CREATED', 'BY'], (transfer) => [
        transfer.id,
        transfer.direction,
        transfer.state,
        transfer.format ?? '',
        transfer.fileName,
        transfer.createdAt,
        transfer.createdBy,
      ]);
    },
  },
  {
    words: 'archives export',
    help: 'frames with their labels and boxes, as a zip in the format of a tool',
    options: {
      format,
      dataset: { value: 'ID', help: 'a dataset version; without it, the frames of now' },
      frames: { value: 'WHICH', help: 'of now: labelled (default), unlabelled or all' },
      'no-pictures': { help: 'annotations alone' },
      output: { value: 'FILE', help: 'as the server names it by default' },
    },
    async run(call) {
      const { options, output, signal } = call;
      const api = await call.api();
      const [dataset, frames] = [options.text('dataset'), options.text('frames')];
      const begun = await api.request<Transfer>('POST', '/exports', {
        format: options.text('format') ?? 'coco',
        ...(dataset ? { datasetVersionId: dataset } : {}),
        ...(frames ? { frames } : {}),
        ...(options.has('no-pictures') ? { pictures: false } : {}),
      });
      const made = await until(api, begun.id, ['succeeded'], call);
      const path = options.text('output') ?? made.fileName;
      await save(
        await api.raw('GET', `/exports/${encodeURIComponent(made.id)}/file`, { signal }),
        path,
        call,
      );
      output.show({ ...made, file: path }, () => path);
    },
  },
  {
    words: 'archives import',
    arguments: ['FILE'],
    help: 'take a zip of pictures, labels and boxes in; Ctrl+C leaves it to be gone on with',
    options: {
      format: { ...format, help: `found out by default; ${format.help}` },
      prelabels: { help: 'labels become proposals for review' },
      'create-classes': { help: 'add the classes that are not there' },
      replace: { help: 'frames with another label get the new one; by default they keep theirs' },
      resume: { value: 'ID', help: 'go on with an upload that broke off' },
      report: { value: 'FILE', help: 'where to write what did not go in, as CSV' },
    },
    async run(call) {
      const { options, output, signal } = call;
      const [path = ''] = call.arguments;
      const api = await call.api();
      const { size } = await stat(path);
      const named = options.text('format');
      const resumed = options.text('resume');
      const begun = resumed
        ? await get(api, resumed)
        : await api.request<Transfer>('POST', '/imports', {
            ...{ fileName: basename(path), bytes: size },
            ...(named ? { format: named } : {}),
          });
      if (begun.bytes !== size) throw new LinesideError('upload_offset', 'It was begun with another file.');
      output.say(`import ${begun.id}`);
      if (begun.state === 'uploading') await upload(api, begun, path, call);
      await until(api, begun.id, ['ready'], call);
      await api.request('POST', `/imports/${encodeURIComponent(begun.id)}/start`, {
        labelsAs: options.has('prelabels') ? 'prelabel' : 'label',
        createClasses: options.has('create-classes'),
        existing: options.has('replace') ? 'replace' : 'keep',
      });
      const done = await until(api, begun.id, ['succeeded'], call);
      const report = options.text('report');
      if (report) {
        await save(
          await api.raw('GET', `/imports/${encodeURIComponent(done.id)}/report`, { signal }),
          report,
          call,
        );
      }
      output.show(done, () =>
        Object.entries(done.counts ?? {})
          .map(([what, count]) => `${what}: ${count}`)
          .join('\n'),
      );
    },
  },
];
