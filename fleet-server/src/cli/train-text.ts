import type { TrainingRun } from '../features/training/schemas.js';
import type { AnomalyReport } from '../learning/anomaly/report.js';
import type { ClassificationMetrics } from '../learning/metrics.js';
import type { AcceptDecision, TrainingReport } from '../learning/report.js';
import { percent, promiseInWords } from './figures.js';
import { columns } from './output.js';

type Line = [string, string];
type Rule = Omit<AcceptDecision, 'byClass'>;

/** What a person reads of a run. */
export function runText(run: TrainingRun): string {
  const lines: Line[] = [
    ['state', run.state],
    ['kind', run.kind],
    ['architecture', run.architecture],
    ['dataset', String(run.datasetNumber)],
    ['started by', run.rule === null ? run.createdBy : `rule ${run.rule}`],
    ['created', run.createdAt],
    ...(run.finishedAt === null ? [] : ([['finished', run.finishedAt]] satisfies Line[])),
    ...(run.error === null ? [] : ([['error', `${run.error.code}: ${run.error.message}`]] satisfies Line[])),
    ...(run.progress?.message ? ([['progress', run.progress.message]] satisfies Line[]) : []),
    ['model', run.modelVersionId ?? ''],
    ...reportLines(run),
  ];
  return columns([`run ${run.number}`, run.id], lines);
}

function reportLines({ kind, report }: TrainingRun): Line[] {
  if (report === null || kind === 'sweep') return [];
  if (kind === 'anomaly') return anomalyLines(report as unknown as AnomalyReport);
  return classifierLines(report as unknown as TrainingReport);
}

function classifierLines({
  heldOut,
  outOfFold,
  fineTune,
  decision,
  comparison,
  seconds,
}: TrainingReport): Line[] {
  const metrics = heldOut ?? outOfFold.metrics;
  return [
    ['measured on', heldOut ? `${metrics.n} frames held out` : `${metrics.n} frames by cross-validation`],
    ['accuracy', withInterval(metrics.accuracy)],
    ['balanced accuracy', percent(metrics.balancedAccuracy.value)],
    ['calibration error', percent(metrics.calibrationError)],
    ...metrics.perClass.map(({ classId, recall }): Line => [`recall of ${classId}`, withInterval(recall)]),
    ['trained', fineTune ? `${fineTune.chosen} (${fineTune.reason})` : 'head'],
    ['decides alone', inWords(decision)],
    ...(decision.byClass ?? []).map((own): Line => [`… as ${own.classId}`, inWords(own)]),
    ...(comparison ? ([['against the champion', comparison.verdict]] satisfies Line[]) : []),
    ['seconds', (seconds.total ?? 0).toFixed(0)],
  ];
}

const anomalyLines = ({
  auroc,
  meanColourAuroc,
  decision,
  heldOutFlagged,
  othersFlagged,
}: AnomalyReport): Line[] => [
  ['AUROC', `${figure(auroc)} (mean colour alone ${figure(meanColourAuroc)})`],
  ['good parts flagged', withInterval(heldOutFlagged)],
  ['others flagged', withInterval(othersFlagged)],
  ['decides alone', inWords(decision)],
];

const figure = (value: number | null): string => (value === null ? '–' : value.toFixed(3));

const withInterval = ({ value, low, high, n }: ClassificationMetrics['accuracy']): string =>
  value === null ? '–' : `${percent(value)} (${percent(low)} to ${percent(high)}, n = ${n})`;

function inWords({ threshold, n, accepted, errors, ...rule }: Rule): string {
  const promise = promiseInWords(rule);
  return threshold > 1
    ? `never: ${n} frames are too few to promise ${promise}`
    : `from ${percent(threshold)}: ${promise}, by ${n} frames (${accepted} alone, ${errors} wrong)`;
}
