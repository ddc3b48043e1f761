import type { ChangedFrame, DatasetDifference, DatasetUse } from '../features/dataset-versions/schemas.js';
import type { DatasetVersion } from '../features/datasets/schemas.js';
import { csvLine } from './csv.js';
import { columns } from './output.js';

export function describeVersion(dataset: DatasetVersion, uses: readonly DatasetUse[]): string {
  const used = uses.map(({ number, state, modelVersionId }) =>
    [`run ${number}`, state, ...(modelVersionId ? [`model ${modelVersionId}`] : [])].join(', '),
  );
  return [
    `${dataset.id}: version ${dataset.number}, ${dataset.frames} frames`,
    `SHA-256  ${dataset.sha256}`,
    `taken    ${dataset.createdAt} by ${dataset.createdBy}`,
    ...(dataset.testSetId ? [`test set ${dataset.testSetId}`] : []),
    ...used.map((line) => `taught   ${line}`),
    '',
    columns(
      ['CLASS', 'TRAIN', 'TEST'],
      dataset.classes.map(({ id, train, test }) => [id, String(train), String(test)]),
    ),
  ].join('\n');
}

export function describeDifference(difference: DatasetDifference): string {
  const { from, to, same, counts } = difference;
  const changes = [
    ...difference.relabelled.map((each) => ['relabelled', each.from, each.to, String(each.frames)]),
    ...difference.moved.map((each) => ['moved', each.from, each.to, String(each.frames)]),
    ...difference.came.map((each) => ['came', '', `${each.classId} (${each.split})`, String(each.frames)]),
    ...difference.went.map((each) => ['went', `${each.classId} (${each.split})`, '', String(each.frames)]),
  ];
  const head = [`${from.id} to ${to.id}: ${same} frames the same`];
  for (const [kind, frames] of Object.entries(counts)) head.push(`${kind.padEnd(10)} ${frames}`);
  return changes.length === 0
    ? head.join('\n')
    : [...head, '', columns(['CHANGE', 'FROM', 'TO', 'FRAMES'], changes)].join('\n');
}

/** CSV with a heading, or one JSON object a line. */
export async function* changedLines(
  frames: AsyncIterable<ChangedFrame>,
  json: boolean,
): AsyncGenerator<string> {
  if (!json) yield csvLine(['frame', 'device', 'from', 'fromSplit', 'to', 'toSplit']);
  for await (const frame of frames) {
    const { frameId, deviceName, from, to } = frame;
    yield json
      ? `${JSON.stringify(frame)}\n`
      : csvLine([
          ...[frameId, deviceName, from?.classId ?? '', from?.split ?? ''],
          ...[to?.classId ?? '', to?.split ?? ''],
        ]);
  }
}
