import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { ModelLineage } from '../../api/types.js';
import { phrase, t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { integer, moment } from '../../ui/format.js';
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
      <Step what={t('Model')}>
        <Trans
          i18nKey={'<b>{{modelVersionId}}</b>, made {{createdAt}}'}
          values={{ modelVersionId, createdAt: moment(createdAt) }}
          components={{ b: <b /> }}
        />
      </Step>
      {imported ? (
        <Step what={t('Origin')}>
          {t('{{version}} of another fleet, brought in by {{by}}', {
            version: imported.version,
            by: imported.by,
          })}
        </Step>
      ) : null}
      {run ? (
        <Step what={t('Training run')}>
          <Trans
            i18nKey={
              run.kind === 'anomaly'
                ? phrase('<a>Run {{number}}</a>, anomaly model, started by {{createdBy}}')
                : phrase('<a>Run {{number}}</a>, started by {{createdBy}}')
            }
            values={{
              number: run.number,

              createdBy: run.createdBy,
            }}
            components={{
              a: <Link to="/training/$runId" params={{ runId: run.id }} className={pageClasses.link} />,
            }}
          />
        </Step>
      ) : null}
      {dataset ? (
        <Step what={t('Dataset')}>
          <Trans
            i18nKey={
              'Version {{number}}: learnt from {{count, number}} frames, judged on {{test}}{{testSet}} <code>{{sha256}}</code>'
            }
            count={dataset.train}
            values={{
              count: dataset.train,
              number: dataset.number,
              test: integer(dataset.test),
              testSet: testSet ? t(' (test set v{{number}})', { number: testSet.number }) : '',
              sha256: dataset.sha256.slice(0, 12),
            }}
            components={{ code: <code className={pageClasses.mono} /> }}
          />
        </Step>
      ) : null}
      {people.length > 0 ? (
        <Step what={t('Labels by')}>
          {people.map(({ author, labels }) => `${author} (${integer(labels)})`).join(', ')}
        </Step>
      ) : null}
      {run || imported ? null : (
        <Step what={t('Origin')}>{t('Bootstrap model: nobody taught it anything')}</Step>
      )}
    </ol>
  );
}
