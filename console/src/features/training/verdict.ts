import type { Comparison } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import type { Tone } from '../../ui/signal.js';

const reasons: Record<NonNullable<Comparison['reason']>, string> = phrases({
  'no-champion': 'there was no champion yet',
  'champion-untrained': 'the champion was the bootstrap model, which knows no classes',
  'champion-anomaly': 'the champion was an anomaly model, which answers another question',
  'champion-lineage-unknown': 'it is not known here which frames taught the champion',
  'champion-unusable': 'the file of the champion could not be run',
  'classes-differ': 'the two have fewer than two classes in common',
  'no-test-frames': 'there is no test split: too few labels so far',
  'no-frames-left': 'every test frame belongs to a group that taught the champion',
});

export const verdictTones: Record<Comparison['verdict'], Tone> = {
  better: 'ok',
  worse: 'bad',
  'not-better': 'warn',
  'not-compared': 'idle',
};

export const shortVerdicts: Record<Comparison['verdict'], string> = phrases({
  better: 'Better',
  worse: 'Worse',
  'not-better': 'Not shown better',
  'not-compared': 'Not compared',
});

/** What the comparison found, in one sentence. */
export function verdictWords({ verdict, reason, champion }: Comparison): string {
  const other = champion ?? t('the champion');
  switch (verdict) {
    case 'better':
      return t('Better than {{other}}, beyond what chance explains.', { other });
    case 'worse':
      return t('Worse than {{other}}, beyond what chance explains.', { other });
    case 'not-better':
      return t('Not shown to be better than {{other}}: the difference may be chance.', { other });
    case 'not-compared':
      return t('Not compared with {{other}}: {{reasons}}.', {
        other,
        reasons: reason ? t(reasons[reason]) : t('the reason is not known'),
      });
  }
}

/** The slices in which the new model is worse beyond chance. */
export const worseSlices = ({ slices }: Comparison): Comparison['slices'] =>
  slices.filter(
    (slice) => slice.correctedPValue <= 0.05 && slice.groupsForChampion > slice.groupsForChallenger,
  );
