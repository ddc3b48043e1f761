import { useState } from 'react';
import { integer, percent, plural } from '../../ui/format.js';
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
          label="AUROC"
          value={auroc === null ? '–' : auroc.toFixed(3)}
          note={
            auroc === null
              ? 'not known: no frame of another class is labelled'
              : `against ${plural(others, 'frame')} of other classes; mean colour alone: ${meanColourAuroc?.toFixed(3) ?? '–'}`
          }
        />
        <Figure
          label="Limit"
          value={limit === null ? '–' : limit.toFixed(2)}
          note="a usual good part scores about 1"
        />
        <Figure
          label="Others found"
          value={report.othersFlagged === null ? '–' : percent(report.othersFlagged, 1)}
          note={`of ${plural(others, 'frame')} of other classes, above the limit`}
        />
      </Figures>
      <p className={classes.how}>
        Learnt from {plural(goodFrames, 'good frame')} in {plural(goodGroups, 'group')}; each was scored by a
        model that had not seen its group.
      </p>
      <Panel title="What cameras decide alone">
        {limit === null ? (
          <Note tone="warn">
            Nothing yet: {plural(goodGroups, 'group')} of good parts are too few to promise that at most{' '}
            {percent(alpha ?? 0, 1)} of good parts are flagged. Every frame goes to review until there are
            more.
          </Note>
        ) : (
          <p className={classes.promise}>
            A part that scores at most <b>{limit.toFixed(2)}</b> passes for good, and everything else goes to
            review. At most <b>{percent(alpha ?? 0, 1)}</b> of good parts are expected to be flagged, from{' '}
            <b>{plural(goodGroups, 'group')}</b>.
            {report.heldOutFlagged.value === null
              ? ''
              : ` Of ${plural(report.heldOutFlagged.n, 'good frame')} held out, ${percent(report.heldOutFlagged.value, 1)} were.`}{' '}
            What share of defects passes is not promised: the model has never seen one.
          </p>
        )}
      </Panel>
      {report.highest.length > 0 ? (
        <Panel title="Strangest good parts">
          <div className={classes.strangest}>
            {report.highest.map(({ frameId, score }) => (
              <Strange key={frameId} frameId={frameId} score={score} modelId={modelId} />
            ))}
          </div>
          <p className={classes.how}>
            Press one to see what is unusual about it. If one of these {integer(report.highest.length)} is not
            good, correct its label and train again.
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
        aria-label={`Score ${score.toFixed(2)}: show what is unusual`}
        disabled={modelId === null}
        onClick={() => setMarked(!marked)}
      >
        <img
          src={marked && modelId ? `/api/v1/models/${modelId}/heat-map?frameId=${frameId}` : plain}
          alt=""
          loading="lazy"
        />
      </button>
      <figcaption>{score.toFixed(2)}</figcaption>
    </figure>
  );
}
