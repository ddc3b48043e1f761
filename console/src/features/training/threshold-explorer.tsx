import { Slider } from '@mantine/core';
import { useState } from 'react';
import type { RunAnswers } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { percent } from '../../ui/format.js';
import classes from './training.module.css';

interface ThresholdExplorerProps {
  answers: RunAnswers;
  /** The model's own; null: it decides nothing alone. */
  set: number | null;
}

/** What cameras would decide alone at another threshold, and how much of that would be wrong. To look at: it changes nothing. */
export function ThresholdExplorer({ answers, set }: ThresholdExplorerProps) {
  const { thresholds, frames, basis } = answers;
  const own = set === null ? null : placeOf(thresholds, set);
  const [chosen, setChosen] = useState<number | null>(null);
  const place = chosen ?? own ?? thresholds.length - 1;
  const point = thresholds[place];
  if (!point) return null;
  const { threshold, alone, wrong } = point;
  const marks = own === null ? [] : [{ value: own, label: t('this model') }];
  return (
    <div className={classes.threshold} data-testid="threshold-explorer">
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
    </div>
  );
}

/** The loosest threshold that is not looser than the model's own. */
function placeOf(thresholds: RunAnswers['thresholds'], set: number): number | null {
  const place = thresholds.findLastIndex(({ threshold }) => threshold >= set);
  return place === -1 ? null : place;
}
