import { Button } from '@mantine/core';
import { IconHistory, IconShieldCheck } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { client, unwrap } from '../../api/client.js';
import { auditQuery } from '../../api/queries.js';
import type { AuditEntry, AuditSearch } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { moment } from '../../ui/format.js';
import { NothingFound } from '../../ui/nothing-found.js';
import { notifyFailed } from '../../ui/notify.js';
import { Blank, Loaded, Page, Panel } from '../../ui/page.js';
import classes from '../../ui/page.module.css';
import { SearchField } from '../../ui/search-field.js';
import { TimeRange } from '../../ui/time-range.js';
import styles from './audit.module.css';
import { readAuditSearch } from './search.js';
import { SigningKeysPanel } from './signing-keys-panel.js';
import { keepHead, readKeptHead, Verification } from './verification.js';

const route = getRouteApi('/shell/audit');

export function AuditPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const change = (part: { [K in keyof AuditSearch]?: AuditSearch[K] | undefined }) =>
    void navigate({ search: (now) => readAuditSearch({ ...now, ...part }), replace: true });
  const audit = useInfiniteQuery(auditQuery(search));
  const narrowed = Object.keys(search).length > 0;
  const verification = useMutation({
    mutationFn: async () => {
      const kept = readKeptHead();
      const found = await unwrap(
        client.GET('/api/v1/audit/verification', { params: { query: kept ? { kept: kept.hash } : {} } }),
      );
      if (found.intact) keepHead(found.head);
      return { found, kept };
    },
    onError: (error) => notifyFailed(t('The log could not be checked'), error),
  });
  return (
    <Page
      title={t('Audit')}
      sub={t('Who did what, newest first')}
      actions={
        <Button
          size="md"
          variant="default"
          leftSection={<IconShieldCheck size={18} />}
          loading={verification.isPending}
          onClick={() => verification.mutate()}
          data-testid="verify-audit"
        >
          {t('Check that nothing was changed')}
        </Button>
      }
    >
      <SigningKeysPanel />
      {verification.data ? <Verification {...verification.data} /> : null}
      <div className={styles.bar}>
        <SearchField
          label={t('Search in people, actions and details')}
          placeholder={t('Person, action, detail')}
          text={search.text}
          change={(text) => change({ text })}
          className={styles.search}
          testId="audit-search"
        />
        <TimeRange range={search} change={({ from, until }) => change({ from, until })} />
      </div>
      <Loaded query={audit}>
        {({ pages }) => {
          const entries = pages.flatMap(({ items }) => items);
          return entries.length === 0 && narrowed ? (
            <NothingFound
              title={t('No such entry')}
              showAll={() => change({ text: undefined, from: undefined, until: undefined })}
            >
              {t('Nothing in the log matches all of these words and times.')}
            </NothingFound>
          ) : entries.length === 0 ? (
            <Panel>
              <Blank icon={IconHistory} title={t('Nothing recorded yet')}>
                {t('Sign-ins, labels taken back, trainings, rollouts and changes of people are listed here.')}
              </Blank>
            </Panel>
          ) : (
            <>
              <Panel flush>
                <Entries entries={entries} />
              </Panel>
              {audit.hasNextPage ? (
                <Button
                  variant="default"
                  size="md"
                  mx="auto"
                  loading={audit.isFetchingNextPage}
                  onClick={() => void audit.fetchNextPage()}
                >
                  {t('Older entries')}
                </Button>
              ) : null}
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

const detailText = (detail: AuditEntry['detail']): string =>
  Object.entries(detail)
    .map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

/** A UUID by its first part, as it is said aloud; the whole of it is in the title. */
const shortened = (subject: string): string =>
  /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(subject) ? `${subject.slice(0, 8)}…` : subject;

const Entries = ({ entries }: { entries: AuditEntry[] }) => (
  <div className={classes.scroll}>
    <table className={classes.table}>
      <thead>
        <tr>
          <th>{t('When')}</th>
          <th>{t('Who')}</th>
          <th>{t('Action')}</th>
          <th>{t('On')}</th>
          <th>{t('Detail')}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.id} data-testid="audit-entry">
            <td style={{ whiteSpace: 'nowrap' }}>{moment(entry.at)}</td>
            <td>{entry.actor}</td>
            <td className={classes.strong}>{entry.action}</td>
            <td className={classes.mono} title={entry.subject}>
              {shortened(entry.subject)}
            </td>
            <td className={classes.dim} style={{ overflowWrap: 'anywhere' }}>
              {detailText(entry.detail)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
