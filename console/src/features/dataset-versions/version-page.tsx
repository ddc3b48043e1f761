import { Select } from '@mantine/core';
import { IconStack2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { datasetsQuery, datasetUsesQuery } from '../../api/queries.js';
import type { DatasetVersion } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Copyable } from '../../ui/copyable.js';
import { integer, moment } from '../../ui/format.js';
import { Blank, Figure, Figures, Loaded, Page, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { BalancePanel } from './balance-panel.js';
import { LeaksPanel } from './leaks-panel.js';
import { totalsOf } from './totals.js';
import { UsesList } from './uses-list.js';

const route = getRouteApi('/shell/dataset/versions/$versionId');

/** One version: what it holds, by class, device and split, and what learned from it. */
export function VersionPage() {
  const { versionId } = route.useParams();
  const versions = useQuery(datasetsQuery);
  const navigate = useNavigate();
  const version = versions.data?.find(({ id }) => id === versionId);
  const others = (versions.data ?? []).filter(({ id }) => id !== versionId);
  return (
    <Page
      title={version ? t('Dataset version {{number}}', { number: version.number }) : t('Dataset version')}
      sub={
        <Link to="/dataset/versions" className={pageClasses.link}>
          {t('All versions')}
        </Link>
      }
      actions={
        version && others.length > 0 ? (
          <Select
            aria-label={t('Compare with')}
            placeholder={t('Compare with …')}
            data-testid="compare-with"
            value={null}
            data={others.map(({ id, number }) => ({ value: id, label: t('Version {{number}}', { number }) }))}
            onChange={(other) => {
              const number = others.find(({ id }) => id === other)?.number;
              if (!other || number === undefined) return;
              const [from, to] = number < version.number ? [other, version.id] : [version.id, other];
              void navigate({ to: '/dataset/versions/$from/diff/$to', params: { from, to } });
            }}
          />
        ) : null
      }
    >
      <Loaded query={versions}>
        {() =>
          version ? (
            <VersionDetail version={version} />
          ) : (
            <Panel>
              <Blank icon={IconStack2} title={t('There is no such version')}>
                {t('The link may be of another server.')}
              </Blank>
            </Panel>
          )
        }
      </Loaded>
    </Page>
  );
}

function VersionDetail({ version }: { version: DatasetVersion }) {
  const uses = useQuery(datasetUsesQuery).data?.get(version.id) ?? [];
  const { train, test } = totalsOf(version);
  const waiting = version.waiting + version.disputed;
  return (
    <>
      <Figures>
        <Figure label={t('Frames')} value={integer(version.frames)} testId="version-frames" />
        <Figure label={t('To train')} value={integer(train)} />
        <Figure label={t('To test')} value={integer(test)} note={version.testSetId} />
        <Figure label={t('Classes')} value={integer(version.classes.length)} />
        <Figure
          label={t('Left out')}
          value={integer(waiting)}
          note={
            waiting > 0
              ? t('{{waiting}} wait for the next test set, {{disputed}} are disputed', {
                  waiting: integer(version.waiting),
                  disputed: integer(version.disputed),
                })
              : null
          }
        />
      </Figures>
      <LeaksPanel version={version} />
      <BalancePanel version={version} />
      <Panel title={t('Where it comes from, and what learned from it')}>
        <p style={{ margin: '0 0 14px' }}>
          {t('Taken {{at}} by {{who}}.', { at: moment(version.createdAt), who: version.createdBy })}
        </p>
        {uses.length === 0 ? (
          <p style={{ margin: '0 0 14px' }}>{t('No training run has used it.')}</p>
        ) : (
          <UsesList uses={uses} />
        )}
        <Copyable
          text={version.sha256}
          label={t('SHA-256 over its frames, labels, groups and splits')}
          testId="version-hash"
        />
      </Panel>
    </>
  );
}
