import { Button, Checkbox } from '@mantine/core';
import { IconArrowsDiff, IconStack2 } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { datasetsQuery, datasetUsesQuery } from '../../api/queries.js';
import type { DatasetUse, DatasetVersion } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { integer } from '../../ui/format.js';
import { Blank, Loaded, Page, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { totalsOf } from './totals.js';
import { UsesList } from './uses-list.js';
import classes from './versions.module.css';

/** Every snapshot of the labels, the newest first, and the way to what differs between two of them. */
export function VersionsPage() {
  const versions = useQuery(datasetsQuery);
  const uses = useQuery(datasetUsesQuery).data;
  const navigate = useNavigate();
  const [chosen, choose] = useState<readonly string[]>([]);
  const compare = (ids: readonly string[]) => {
    const [to, from] = (versions.data ?? []).map(({ id }) => id).filter((id) => ids.includes(id));
    if (from && to) void navigate({ to: '/dataset/versions/$from/diff/$to', params: { from, to } });
  };
  const toggle = (id: string) =>
    choose(chosen.includes(id) ? chosen.filter((each) => each !== id) : [...chosen.slice(-1), id]);
  return (
    <Page
      title={t('Dataset versions')}
      sub={versions.data ? t('{{count, number}} versions', { count: versions.data.length }) : null}
      actions={
        <Button
          variant="default"
          leftSection={<IconArrowsDiff size={18} />}
          disabled={chosen.length !== 2}
          onClick={() => compare(chosen)}
          data-testid="compare-versions"
        >
          {chosen.length === 2 ? t('Compare the two') : t('Choose two to compare')}
        </Button>
      }
    >
      <Loaded query={versions}>
        {(items) =>
          items.length === 0 ? (
            <Panel>
              <Blank icon={IconStack2} title={t('No version yet')}>
                {t(
                  'A version is taken of the labels when a training run starts, and never changes after that.',
                )}
              </Blank>
            </Panel>
          ) : (
            <Panel flush>
              <div className={pageClasses.scroll}>
                <table className={pageClasses.table} data-testid="versions">
                  <thead>
                    <tr>
                      <th aria-label={t('Compare')} />
                      <th>{t('Version')}</th>
                      <th>{t('Taken')}</th>
                      <th className={pageClasses.num}>{t('Frames')}</th>
                      <th className={pageClasses.wide}>{t('Classes')}</th>
                      <th>{t('Used by')}</th>
                      <th />
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((version, at) => (
                      <VersionRow
                        key={version.id}
                        version={version}
                        before={items[at + 1]}
                        uses={uses?.get(version.id) ?? []}
                        chosen={chosen.includes(version.id)}
                        toggle={() => toggle(version.id)}
                      />
                    ))}
                  </tbody>
                </table>
              </div>
            </Panel>
          )
        }
      </Loaded>
    </Page>
  );
}

interface VersionRowProps {
  version: DatasetVersion;
  before: DatasetVersion | undefined;
  uses: readonly DatasetUse[];
  chosen: boolean;
  toggle: () => void;
}

function VersionRow({ version, before, uses, chosen, toggle }: VersionRowProps) {
  const { train, test } = totalsOf(version);
  return (
    <tr data-testid={`version-${version.id}`}>
      <td>
        <Checkbox
          checked={chosen}
          onChange={toggle}
          aria-label={t('Compare version {{number}}', { number: version.number })}
        />
      </td>
      <td>
        <Link
          to="/dataset/versions/$versionId"
          params={{ versionId: version.id }}
          className={pageClasses.link}
        >
          {t('Version {{number}}', { number: version.number })}
        </Link>
        <span className={classes.hash} title={version.sha256}>
          {version.sha256.slice(0, 12)}
        </span>
      </td>
      <td>
        <Ago at={version.createdAt} />
        <span className={classes.under}>{version.createdBy}</span>
      </td>
      <td className={pageClasses.num}>
        {integer(version.frames)}
        <span className={classes.under}>
          {t('{{train}} train, {{test}} test', { train: integer(train), test: integer(test) })}
        </span>
      </td>
      <td className={pageClasses.wide}>
        <ClassBar version={version} />
      </td>
      <td>
        {uses.length === 0 ? <span className={pageClasses.dim}>–</span> : <UsesList uses={uses} most={2} />}
      </td>
      <td className={pageClasses.num}>
        {before ? (
          <Link
            to="/dataset/versions/$from/diff/$to"
            params={{ from: before.id, to: version.id }}
            className={`${pageClasses.link} ${pageClasses.nowrap}`}
          >
            {t('What changed')}
          </Link>
        ) : null}
      </td>
    </tr>
  );
}

/** How the frames divide into classes, the largest first. */
function ClassBar({ version: { classes: counts, frames } }: { version: DatasetVersion }) {
  const sorted = counts.toSorted((a, b) => b.train + b.test - a.train - a.test);
  return (
    <div
      className={classes.bar}
      title={sorted.map(({ name, train, test }) => `${name}: ${integer(train + test)}`).join('\n')}
    >
      <span className={classes.barName}>{t('{{count, number}} classes', { count: counts.length })}</span>
      <span className={classes.barParts} aria-hidden="true">
        {sorted.map(({ id, train, test }, at) => (
          <i key={id} style={{ flexGrow: (train + test) / frames, opacity: Math.max(0.25, 1 - at * 0.18) }} />
        ))}
      </span>
    </div>
  );
}
