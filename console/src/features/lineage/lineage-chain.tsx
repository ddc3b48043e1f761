import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ModelLineage } from '../../api/types.js';
import { integer, moment, plural } from '../../ui/format.js';
import pageClasses from '../../ui/page.module.css';
import classes from './lineage.module.css';

function Step({ what, children }: { what: string; children: ReactNode }) {
  return (
    <li>
      <span className={classes.what}>{what}</span>
      <span>{children}</span>
    </li>
  );
}

/** From a model version back to its run, the frames it learnt from, and whose labels those were. */
export function LineageChain({ lineage }: { lineage: ModelLineage }) {
  const { modelVersionId, createdAt, imported, run, dataset, testSet, people } = lineage;
  return (
    <ol className={classes.chain} data-testid="lineage-chain">
      <Step what="Model">
        <b>{modelVersionId}</b>, made {moment(createdAt)}
      </Step>
      {imported ? (
        <Step what="Origin">
          {imported.version} of another fleet, brought in by {imported.by}
        </Step>
      ) : null}
      {run ? (
        <Step what="Training run">
          <Link to="/training/$runId" params={{ runId: run.id }} className={pageClasses.link}>
            Run {run.number}
          </Link>
          {run.kind === 'anomaly' ? ', anomaly model' : ''}, started by {run.createdBy}
        </Step>
      ) : null}
      {dataset ? (
        <Step what="Dataset">
          Version {dataset.number}: learnt from {plural(dataset.train, 'frame')}, judged on{' '}
          {integer(dataset.test)}
          {testSet ? ` (test set v${testSet.number})` : ''}{' '}
          <code className={pageClasses.mono}>{dataset.sha256.slice(0, 12)}</code>
        </Step>
      ) : null}
      {people.length > 0 ? (
        <Step what="Labels by">
          {people.map(({ author, labels }) => `${author} (${integer(labels)})`).join(', ')}
        </Step>
      ) : null}
      {run || imported ? null : <Step what="Origin">Bootstrap model: nobody taught it anything</Step>}
    </ol>
  );
}
