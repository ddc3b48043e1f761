import { useState } from 'react';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { decimal, integer, percent } from '../../ui/format.js';
import { Figure, Figures, Panel } from '../../ui/page.js';
import { Note } from '../../ui/signal.js';
import type { AnomalyReport } from './anomaly-report.js';
import classes from './training.module.css';

/** What an anomaly model promises, how well it tells defects from good parts, and which good parts it found strangest. */
export function AnomalyView({ report, modelId }: { report: AnomalyReport; modelId: string | null }) {
  const { auroc, meanColourAuroc, limit, alpha, goodFrames, goodGroups, others } = report;
  return (
    <div className={classes.report} data-testid="anomaly-report">
      <Figures>
        <Figure
          label={t('AUROC')}
          value={auroc === null ? '–' : decimal(auroc, 3)}
          note={
            auroc === null
              ? t('not known: no frame of another class is labelled')
              : t(
                  'against {{count, number}} frames of other classes; mean colour alone: {{meanColourAuroc}}',
                  {
                    count: others,
                    meanColourAuroc: meanColourAuroc == null ? '–' : decimal(meanColourAuroc, 3),
                  },
                )
          }
        />
        <Figure
          label={t('Limit')}
          value={limit === null ? '–' : decimal(limit, 2)}
          note={t('a usual good part scores about 1')}
        />
        <Figure
          label={t('Others found')}
          value={report.othersFlagged === null ? '–' : percent(report.othersFlagged, 1)}
          note={t('of {{count, number}} frames of other classes, above the limit', { count: others })}
        />
      </Figures>
      <p className={classes.how}>
        {t(
          'Learnt from {{count, number}} good frames in {{goodGroups}}; each was scored by a model that had not seen its group.',
          { count: goodFrames, goodGroups: t('{{count, number}} groups', { count: goodGroups }) },
        )}
      </p>
      <Panel title={t('What cameras decide alone')}>
        {limit === null ? (
          <Note tone="warn">
            {t(
              'Nothing yet: {{count, number}} groups of good parts are too few to promise that at most {{alpha}} of good parts are flagged. Every frame goes to review until there are more.',
              { count: goodGroups, alpha: percent(alpha ?? 0, 1) },
            )}
          </Note>
        ) : (
          <p className={classes.promise}>
            <Trans
              i18nKey={
                'A part that scores at most <b>{{limit}}</b> passes for good, and everything else goes to review. At most <b>{{alpha}}</b> of good parts are expected to be flagged, from <b>{{count, number}} groups</b>. {{heldOut}} What share of defects passes is not promised: the model has never seen one.'
              }
              count={goodGroups}
              values={{
                count: goodGroups,
                limit: decimal(limit, 2),
                alpha: percent(alpha ?? 0, 1),
                heldOut:
                  report.heldOutFlagged.value === null
                    ? ''
                    : t('Of {{count, number}} good frames held out, {{share}} were.', {
                        count: report.heldOutFlagged.n,
                        share: percent(report.heldOutFlagged.value, 1),
                      }),
              }}
              components={{ b: <b /> }}
            />
          </p>
        )}
      </Panel>
      {report.highest.length > 0 ? (
        <Panel title={t('Strangest good parts')}>
          <div className={classes.strangest}>
            {report.highest.map(({ frameId, score }) => (
              <Strange key={frameId} frameId={frameId} score={score} modelId={modelId} />
            ))}
          </div>
          <p className={classes.how}>
            {t(
              'Press one to see what is unusual about it. If one of these {{highest}} is not good, correct its label and train again.',
              { highest: integer(report.highest.length) },
            )}
          </p>
        </Panel>
      ) : null}
    </div>
  );
}

interface StrangeProps {
  frameId: string;
  score: number;
  modelId: string | null;
}

/** A frame, and when pressed the places that the model finds unusual. */
function Strange({ frameId, score, modelId }: StrangeProps) {
  const [marked, setMarked] = useState(false);
  const plain = `/api/v1/frames/${frameId}/image?width=240`;
  return (
    <figure>
      <button
        type="button"
        aria-pressed={marked}
        aria-label={t('Score {{score}}: show what is unusual', { score: decimal(score, 2) })}
        disabled={modelId === null}
        onClick={() => setMarked(!marked)}
      >
        <img
          src={marked && modelId ? `/api/v1/models/${modelId}/heat-map?frameId=${frameId}` : plain}
          alt=""
          loading="lazy"
        />
      </button>
      <figcaption>{decimal(score, 2)}</figcaption>
    </figure>
  );
}
