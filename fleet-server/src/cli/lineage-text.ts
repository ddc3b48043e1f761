import type { FrameLineage, ModelLineage } from '../features/lineage/schemas.js';
import { columns } from './output.js';

/** What is behind a model version, for a person. */
export const modelLineageText = (lineage: ModelLineage): string =>
  columns(['model', lineage.modelVersionId], linesOf(lineage));

function linesOf({ imported, run, dataset, testSet, people }: ModelLineage): string[][] {
  return [
    ...(imported ? [['imported', imported.version]] : []),
    ['run', run ? `${run.number} (${run.id}), ${run.kind}, ${run.createdAt} by ${run.createdBy}` : ''],
    [
      'dataset',
      dataset ? `${dataset.number} (${dataset.id}): ${dataset.train} taught, ${dataset.test} judged` : '',
    ],
    ['test set', testSet ? `version ${testSet.number}` : ''],
    ...people.map(({ author, labels }) => ['labels', `${labels} by ${author}`]),
  ];
}

/** What is behind a decision, and what its labels taught. */
export function frameLineageText({
  frameId,
  deviceName,
  cameraId,
  capturedAt,
  decision,
  model,
  labels,
}: FrameLineage): string {
  const { classId, confidence, accepted } = decision ?? {};
  return columns(
    ['frame', frameId],
    [
      ['from', `${deviceName}, ${cameraId}, ${capturedAt}`],
      [
        'decision',
        decision
          ? `${classId}, confidence ${confidence?.toFixed(3)}, ${accepted ? 'alone' : 'sent to review'}`
          : 'none',
      ],
      ...(model ? [['model', model.modelVersionId], ...linesOf(model)] : []),
      ...labels.map(({ kind, classId: label, author, at, models }) => [
        'label',
        [
          `${label ?? kind} by ${author}, ${at}`,
          ...models.map((each) => `${each.as} ${each.modelVersionId}`),
        ].join(', '),
      ]),
    ],
  );
}
