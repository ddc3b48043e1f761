import { Select, Slider } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { runAnswersQuery } from '../../api/queries.js';
import type { RunAnswers } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { percent } from '../../ui/format.js';
import type { ClassFigures, Decision } from './report.js';
import classes from './training.module.css';

interface ThresholdExplorerProps {
  runId: string;
  decision: Decision;
  answerable: ClassFigures[];
}

/** What cameras would decide alone at another threshold, and how much of that would be wrong. To look at: it changes nothing. */
export function ThresholdExplorer({ runId, decision, answerable }: ThresholdExplorerProps) {
  const [answered, setAnswered] = useState<string | null>(null);
  const answers = useQuery(runAnswersQuery(runId, answered)).data;
  return (
    <div className={classes.threshold} data-testid="threshold-explorer">
      {answerable.length > 1 ? (
        <Select
          label={t('Frames taken for')}
          data={[
            { value: '', label: t('Any class') },
            ...answerable.map(({ classId, name }) => ({ value: classId, label: name })),
          ]}
          value={answered ?? ''}
          onChange={(value) => setAnswered(value || null)}
          allowDeselect={false}
          w={240}
          data-testid="threshold-class"
        />
      ) : null}
      {answers ? (
        <Thresholds key={answered} answers={answers} set={thresholdSet(decision, answered)} />
      ) : null}
    </div>
  );
}

/** The model's own for these answers; null: it decides none alone, or by several thresholds. */
function thresholdSet({ byClass, threshold }: Decision, answered: string | null): number | null {
  if (answered === null && byClass.length > 0) return null;
  const own = byClass.find(({ classId }) => classId === answered)?.threshold ?? threshold;
  return own > 1 ? null : own;
}

function Thresholds({ answers, set }: { answers: RunAnswers; set: number | null }) {
  const { thresholds, frames, basis } = answers;
  const own = set === null ? null : placeOf(thresholds, set);
  const [chosen, setChosen] = useState<number | null>(null);
  const place = chosen ?? own ?? thresholds.length - 1;
  const point = thresholds[place];
  if (!point) return <p className={classes.promise}>{t('The model took no frame for this class.')}</p>;
  const { threshold, alone, wrong } = point;
  const marks = own === null ? [] : [{ value: own, label: t('this model') }];
  return (
    <>
      {thresholds.length > 1 ? (
        <Slider
          min={0}
          max={thresholds.length - 1}
          value={place}
          onChange={setChosen}
          marks={marks}
          label={null}
          thumbLabel={t('How much cameras would decide alone')}
          aria-valuetext={t('{{share}} alone', { share: percent(alone / frames) })}
        />
      ) : null}
      <p className={classes.promise} data-testid="threshold-words">
        <Trans
          i18nKey={
            'From a confidence of <b>{{threshold}}</b>, decides alone <b>{{alone}}</b>, of those <b>{{wrong}}</b> wrong (95% interval {{low}} to {{high}}).'
          }
          values={{
            threshold: percent(threshold, 1),
            alone: percent(alone / frames),
            wrong: percent(wrong.value ?? 0, 1),
            low: percent(wrong.low ?? 0, 1),
            high: percent(wrong.high ?? 0, 1),
          }}
          components={{ b: <b /> }}
        />
        <span className={classes.why}>
          {basis === 'held_out'
            ? t('{{count, number}} frames that the training never saw.', { count: frames })
            : t(
                '{{count, number}} frames by cross-validation, each judged by a model that had not seen it.',
                {
                  count: frames,
                },
              )}{' '}
          {t('To have cameras decide by another threshold, train with another share of wrong decisions.')}
        </span>
      </p>
    </>
  );
}

/** The loosest threshold that is not looser than the model's own. */
function placeOf(thresholds: RunAnswers['thresholds'], set: number): number | null {
  const place = thresholds.findLastIndex(({ threshold }) => threshold >= set);
  return place === -1 ? null : place;
}
