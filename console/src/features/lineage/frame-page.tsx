import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { classNamesQuery, frameLineageQuery } from '../../api/queries.js';
import type { FrameLineage } from '../../api/types.js';
import { moment, percent } from '../../ui/format.js';
import { Loaded, Page, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import classes from './lineage.module.css';
import { LineageChain } from './lineage-chain.js';

const route = getRouteApi('/shell/frames/$frameId');

/** One frame: what was decided and what that goes back to, who labelled it, and which models that taught. */
export function FramePage() {
  const { frameId } = route.useParams();
  const lineage = useQuery(frameLineageQuery(frameId));
  const names = useQuery(classNamesQuery).data ?? new Map<string, string>();
  return (
    <Page title="Frame">
      <Loaded query={lineage}>
        {(data) => (
          <div className={classes.frame}>
            <Panel>
              <img src={`/api/v1/frames/${frameId}/image?width=960`} alt="The frame" />
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
    <Panel title="Decision">
      {decision ? (
        <>
          <p style={{ margin: 0 }}>
            <b>{names.get(decision.classId) ?? decision.classId}</b>, {percent(decision.confidence, 1)} sure,{' '}
            {decision.accepted ? 'decided alone' : 'left to a person'}
          </p>
          {model ? (
            <LineageChain lineage={model} />
          ) : (
            <p className={classes.facts}>By {decision.modelVersion}, which is not known here.</p>
          )}
        </>
      ) : (
        <p style={{ margin: 0 }}>No model decided on this frame.</p>
      )}
    </Panel>
  );
}

const kindWords = { class: '', unsure: 'Unsure', skip: 'Skipped', retracted: 'Taken back' } as const;

function Labels({ labels, names }: { labels: FrameLineage['labels']; names: Names }) {
  return (
    <Panel title="Labels, and what they taught">
      {labels.length === 0 ? (
        <p style={{ margin: 0 }}>Nobody has labelled this frame.</p>
      ) : (
        <div className={pageClasses.scroll}>
          <table className={pageClasses.table} data-testid="frame-labels">
            <thead>
              <tr>
                <th>Label</th>
                <th>By</th>
                <th>Taught</th>
                <th>Judged</th>
              </tr>
            </thead>
            <tbody>
              {labels.map((label) => (
                <tr key={label.revision}>
                  <td className={pageClasses.strong}>
                    {label.classId === null
                      ? kindWords[label.kind]
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
