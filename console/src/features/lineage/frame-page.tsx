import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { classNamesQuery, frameLineageQuery } from '../../api/queries.js';
import type { FrameLineage } from '../../api/types.js';
import { phrase, phrases, t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { moment, percent } from '../../ui/format.js';
import { Loaded, Page, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import boxes from '../boxes/boxes.module.css';
import { BoxesOn } from '../boxes/boxes-on.js';
import classes from './lineage.module.css';
import { LineageChain } from './lineage-chain.js';

const route = getRouteApi('/shell/frames/$frameId');

/** One frame: what was decided and what that goes back to, who labelled it, and which models that taught. */
export function FramePage() {
  const { frameId } = route.useParams();
  const lineage = useQuery(frameLineageQuery(frameId));
  const names = useQuery(classNamesQuery).data ?? new Map<string, string>();
  return (
    <Page title={t('Frame')}>
      <Loaded query={lineage}>
        {(data) => (
          <div className={classes.frame}>
            <Panel>
              <div className={boxes.over}>
                <img src={`/api/v1/frames/${frameId}/image?width=960`} alt={t('The frame')} />
                <BoxesOn frameId={frameId} />
              </div>
              <p className={classes.facts}>
                {data.deviceName}, {data.cameraId}, {moment(data.capturedAt)}
              </p>
            </Panel>
            <div className={classes.side}>
              <Decided lineage={data} names={names} />
              <Labels labels={data.labels} names={names} />
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

type Names = ReadonlyMap<string, string>;

function Decided({ lineage: { decision, model }, names }: { lineage: FrameLineage; names: Names }) {
  return (
    <Panel title={t('Decision')}>
      {decision ? (
        <>
          <p style={{ margin: 0 }}>
            <Trans
              i18nKey={
                decision.accepted
                  ? phrase('<b>{{decided}}</b>, {{confidence}} sure, decided alone')
                  : phrase('<b>{{decided}}</b>, {{confidence}} sure, left to a person')
              }
              values={{
                decided: names.get(decision.classId) ?? decision.classId,
                confidence: percent(decision.confidence, 1),
              }}
              components={{ b: <b /> }}
            />
          </p>
          {model ? (
            <LineageChain lineage={model} />
          ) : (
            <p className={classes.facts}>
              {t('By {{modelVersion}}, which is not known here.', { modelVersion: decision.modelVersion })}
            </p>
          )}
        </>
      ) : (
        <p style={{ margin: 0 }}>{t('No model decided on this frame.')}</p>
      )}
    </Panel>
  );
}

const kindWords = phrases({ class: '', unsure: 'Unsure', skip: 'Skipped', retracted: 'Taken back' });

function Labels({ labels, names }: { labels: FrameLineage['labels']; names: Names }) {
  return (
    <Panel title={t('Labels, and what they taught')}>
      {labels.length === 0 ? (
        <p style={{ margin: 0 }}>{t('Nobody has labelled this frame.')}</p>
      ) : (
        <div className={pageClasses.scroll}>
          <table className={pageClasses.table} data-testid="frame-labels">
            <thead>
              <tr>
                <th>{t('Label')}</th>
                <th>{t('By')}</th>
                <th>{t('Taught')}</th>
                <th>{t('Judged')}</th>
              </tr>
            </thead>
            <tbody>
              {labels.map((label) => (
                <tr key={label.revision}>
                  <td className={pageClasses.strong}>
                    {label.classId === null
                      ? t(kindWords[label.kind])
                      : (names.get(label.classId) ?? label.classId)}
                  </td>
                  <td>
                    {label.author} <span className={pageClasses.dim}>{moment(label.at)}</span>
                  </td>
                  <td>
                    <Models label={label} as="taught" />
                  </td>
                  <td>
                    <Models label={label} as="judged" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function Models({ label, as }: { label: FrameLineage['labels'][number]; as: 'taught' | 'judged' }) {
  const models = label.models.filter((model) => model.as === as);
  if (models.length === 0) return '–';
  return models.map((model, at) => (
    <span key={model.modelVersionId}>
      {at > 0 ? ', ' : ''}
      <Link to="/training/$runId" params={{ runId: model.runId }} className={pageClasses.link}>
        {model.modelVersionId}
      </Link>
    </span>
  ));
}
