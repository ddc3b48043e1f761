import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBox, IconRocket } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { challengersQuery, modelLineageQuery, modelsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { ModelVersion } from '../../api/types.js';
import { phrase, t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { Ago } from '../../ui/clock.js';
import { bytes, integer, percent } from '../../ui/format.js';
import { Blank, Loaded, Loading, Page, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { Tag } from '../../ui/signal.js';
import { ChallengerDialog } from '../device/challenger-dialog.js';
import { ModelDrift } from '../drift/drift-panel.js';
import { OutdatedModel } from '../label-book/outdated-model.js';
import { LineageChain } from '../lineage/lineage-chain.js';
import { CreateRolloutDialog } from '../rollouts/create-rollout-dialog.js';
import { ImportDialog } from './import-dialog.js';
import classes from './models.module.css';
import { MoreMenu } from './more-menu.js';

export function ModelsPage() {
  const models = useQuery(modelsQuery);
  const engineer = useMay('engineer');
  const [bringing, bring] = useDisclosure(false);
  const [rollingOut, setRollingOut] = useState<string | null>(null);
  const [challenging, setChallenging] = useState<string | null>(null);
  return (
    <Page
      title={t('Models')}
      actions={
        engineer ? (
          <Button variant="default" size="md" onClick={bring.open} data-testid="bring-in-model">
            {t('Bring in a model')}
          </Button>
        ) : null
      }
    >
      <OutdatedModel />
      <Loaded query={models} skeleton={<Loading rows={3} height={150} />}>
        {(items) =>
          items.length === 0 ? (
            <Panel>
              <Blank icon={IconBox} title={t('No models yet')}>
                {t('A model appears here when a training run has succeeded.')}
              </Blank>
            </Panel>
          ) : (
            items.map((model) => (
              <ModelCard
                key={model.id}
                model={model}
                rollOut={() => setRollingOut(model.id)}
                challenge={() => setChallenging(model.id)}
              />
            ))
          )
        }
      </Loaded>
      <ImportDialog opened={bringing} onClose={bring.close} />
      <CreateRolloutDialog
        opened={rollingOut !== null}
        onClose={() => setRollingOut(null)}
        modelId={rollingOut}
      />
      <ChallengerDialog
        opened={challenging !== null}
        onClose={() => setChallenging(null)}
        deviceIds={[]}
        modelId={challenging}
      />
    </Page>
  );
}

function ModelCard({
  model,
  rollOut,
  challenge,
}: {
  model: ModelVersion;
  rollOut: () => void;
  challenge: () => void;
}) {
  const admin = useMay('admin');
  const { manifest } = model;
  const { decision, provenance } = manifest;
  return (
    <section
      className={classes.card}
      data-champion={model.champion ? '' : undefined}
      data-testid={`model-${model.id}`}
    >
      <div className={classes.head}>
        <h2>{model.id}</h2>
        {model.champion ? <Tag tone="ok">{t('Champion')}</Tag> : null}
        {model.challenger ? <Tag tone="busy">{t('Challenger')}</Tag> : null}
        {model.tags.map((tag) => (
          <span key={tag} className={classes.tag}>
            {tag}
          </span>
        ))}
        <span className={pageClasses.dim}>
          <Ago at={model.createdAt} />
        </span>
        <div className={classes.actions}>
          <MoreMenu model={model} challenge={challenge} />
          {admin ? (
            <Button
              size="md"
              variant={model.champion ? 'filled' : 'light'}
              leftSection={<IconRocket size={18} />}
              onClick={rollOut}
              data-testid={`roll-out-${model.id}`}
            >
              {t('Roll out')}
            </Button>
          ) : null}
        </div>
      </div>
      <dl className={classes.facts}>
        <div>
          <dt>{t('Balanced accuracy')}</dt>
          <dd>
            {model.balancedAccuracy === null ? t('Not measured') : percent(model.balancedAccuracy, 1)}
            {model.evaluatedOn ? <small>n = {integer(model.evaluatedOn)}</small> : null}
          </dd>
        </div>
        <div>
          <dt>{t('Runs on')}</dt>
          <dd data-testid={`model-devices-${model.id}`}>
            {t('{{count, number}} devices', { count: model.devices })}
          </dd>
        </div>
        <div>
          <dt>{t('Decides alone')}</dt>
          <dd>
            {decision.threshold > 1
              ? t('Never')
              : t('from {{threshold}}', { threshold: percent(decision.threshold, 1) })}
            {decision.threshold > 1 ? null : (
              <small>
                {decision.method === 'good-parts-tolerance'
                  ? t('at most {{alpha}} of good parts flagged', { alpha: percent(decision.alpha, 1) })
                  : t('at most {{alpha}} wrong', { alpha: percent(decision.alpha, 1) })}
              </small>
            )}
            {decision.byClass ? (
              <small>
                {t('{{count, number}} classes by promises of their own', { count: decision.byClass.length })}
              </small>
            ) : null}
          </dd>
        </div>
        <div>
          <dt>{t('Size')}</dt>
          <dd>
            {bytes(model.bytes)}
            <small>{manifest.variants.map(({ name }) => name).join(', ')}</small>
          </dd>
        </div>
        <div>
          <dt>{t('Classes')}</dt>
          <dd title={manifest.classes.map(({ name }) => name).join(', ')}>{manifest.classes.length}</dd>
        </div>
      </dl>
      <ModelDrift model={model} />
      <Challenges modelId={model.id} />
      {model.notes === '' ? null : <p className={classes.notes}>{model.notes}</p>}
      <p className={classes.provenance}>
        {model.trainingRunId ? (
          <>
            <Trans
              i18nKey={
                provenance.datasetVersion
                  ? phrase('From <a>its training run</a> on dataset {{datasetVersion}}')
                  : phrase('From <a>its training run</a>')
              }
              values={{ datasetVersion: provenance.datasetVersion }}
              components={{
                a: (
                  <Link
                    to="/training/$runId"
                    params={{ runId: model.trainingRunId }}
                    className={pageClasses.link}
                  />
                ),
              }}
            />
            {provenance.datasetSha256 ? (
              <code className={pageClasses.mono}> {provenance.datasetSha256.slice(0, 12)}</code>
            ) : null}
            {' · '}
          </>
        ) : model.imported ? (
          `${t('Brought in by {{by}}: {{version}} of another fleet (key {{signer}})', {
            by: model.imported.by,
            version: model.imported.version,
            signer: model.imported.signer.slice(0, 12),
          })} · `
        ) : (
          `${t('Bootstrap model: it knows no classes yet and sends every frame for review')} · `
        )}
        {t('backbone {{backbone}} · Lineside {{softwareVersion}}', {
          backbone: provenance.backbone,
          softwareVersion: provenance.softwareVersion,
        })}
      </p>
      {model.trainingRunId ? <Lineage modelId={model.id} /> : null}
    </section>
  );
}

/** What is behind a version, when asked for. */
function Lineage({ modelId }: { modelId: string }) {
  const [shown, setShown] = useState(false);
  const lineage = useQuery({ ...modelLineageQuery(modelId), enabled: shown });
  return (
    <>
      <button
        type="button"
        className={classes.more}
        aria-expanded={shown}
        onClick={() => setShown(!shown)}
        data-testid={`lineage-${modelId}`}
      >
        {shown ? t('Hide lineage') : t('Lineage')}
      </button>
      {shown ? (
        <Loaded query={lineage} skeleton={<Loading rows={1} height={80} />}>
          {(data) => <LineageChain lineage={data} />}
        </Loaded>
      ) : null}
    </>
  );
}

/** What the devices say that run it beside their own model. */
function Challenges({ modelId }: { modelId: string }) {
  const mine = (useQuery(challengersQuery).data ?? []).filter((each) => each.modelVersionId === modelId);
  if (mine.length === 0) return null;
  const sum = (key: 'compared' | 'disagreed') =>
    mine.reduce((total, { reported }) => total + (reported?.version === modelId ? reported[key] : 0), 0);
  const compared = sum('compared');
  return (
    <p className={classes.provenance} data-testid={`challenges-${modelId}`}>
      {t('Challenger on {{count, number}} devices: {{compared}} frames compared{{result}}', {
        count: mine.length,
        compared: integer(compared),
        result:
          compared > 0
            ? t(', {{sum}} decided otherwise', { sum: percent(sum('disagreed') / compared, 1) })
            : t(' so far'),
      })}
    </p>
  );
}
