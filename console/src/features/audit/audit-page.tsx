import { Button } from '@mantine/core';
import { IconHistory, IconShieldCheck } from '@tabler/icons-react';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { auditQuery } from '../../api/queries.js';
import type { AuditEntry } from '../../api/types.js';
import { moment } from '../../ui/format.js';
import { notifyFailed } from '../../ui/notify.js';
import { Blank, Loaded, Page, Panel } from '../../ui/page.js';
import classes from '../../ui/page.module.css';
import { SigningKeysPanel } from './signing-keys-panel.js';
import { keepHead, readKeptHead, Verification } from './verification.js';

export function AuditPage() {
  const audit = useInfiniteQuery(auditQuery);
  const verification = useMutation({
    mutationFn: async () => {
      const kept = readKeptHead();
      const found = await unwrap(
        client.GET('/api/v1/audit/verification', { params: { query: kept ? { kept: kept.hash } : {} } }),
      );
      if (found.intact) keepHead(found.head);
      return { found, kept };
    },
    onError: (error) => notifyFailed('The log could not be checked', error),
  });
  return (
    <Page
      title="Audit"
      sub="Who did what, newest first"
      actions={
        <Button
          size="md"
          variant="default"
          leftSection={<IconShieldCheck size={18} />}
          loading={verification.isPending}
          onClick={() => verification.mutate()}
          data-testid="verify-audit"
        >
          Check that nothing was changed
        </Button>
      }
    >
      <SigningKeysPanel />
      {verification.data ? <Verification {...verification.data} /> : null}
      <Loaded query={audit}>
        {({ pages }) => {
          const entries = pages.flatMap(({ items }) => items);
          return entries.length === 0 ? (
            <Panel>
              <Blank icon={IconHistory} title="Nothing recorded yet">
                Sign-ins, labels taken back, trainings, rollouts and changes of people are listed here.
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
                  Older entries
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
          <th>When</th>
          <th>Who</th>
          <th>Action</th>
          <th>On</th>
          <th>Detail</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.id}>
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
