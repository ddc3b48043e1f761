import type { AuditVerification } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Copyable } from '../../ui/copyable.js';
import { moment } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import { Note } from '../../ui/signal.js';

const storageKey = 'lineside.audit-head';

/** The hash that this browser saw last: whoever changes the database does not change it here. */
export interface KeptHead {
  readonly hash: string;
  /** ISO 8601 */
  readonly at: string;
}

export function readKeptHead(): KeptHead | null {
  try {
    const kept = JSON.parse(localStorage.getItem(storageKey) ?? 'null') as Partial<KeptHead> | null;
    return kept && /^[0-9a-f]{64}$/.test(kept.hash ?? '') && kept.at ? (kept as KeptHead) : null;
  } catch {
    return null;
  }
}

export const keepHead = (hash: string): void =>
  localStorage.setItem(storageKey, JSON.stringify({ hash, at: new Date().toISOString() }));

export function Verification({ found, kept }: { found: AuditVerification; kept: KeptHead | null }) {
  const { entries, unchained, broken, keptFound, head, intact } = found;
  return (
    <Panel>
      <div style={{ display: 'grid', gap: 14 }} data-testid="audit-verification">
        {broken ? (
          <Note tone="bad" code="audit_broken">
            {t(
              'The entry of {{at}} does not follow from the one before it: it was changed, or one before it was taken out. The {{entries}} entries before are as they were written.',
              { at: moment(broken.at), entries },
            )}
          </Note>
        ) : null}
        {keptFound === false && kept ? (
          <Note tone="bad" code="audit_broken">
            {t(
              'What was the newest entry on {{at}} is gone: the end of the log was cut off, or the whole of it replaced.',
              { at: moment(kept.at) },
            )}
          </Note>
        ) : null}
        {intact ? (
          <Note tone="ok">
            {t('All {{entries}} entries are as they were written{{beside}}{{seen}}.', {
              entries,
              beside:
                unchained > 0 ? t(', beside {{unchained}} from before there was a chain', { unchained }) : '',
              seen:
                keptFound && kept
                  ? t(', and what this browser saw on {{at}} is among them', { at: moment(kept.at) })
                  : '',
            })}
          </Note>
        ) : null}
        <Copyable label={t('Hash of the newest right entry, to be kept elsewhere')} text={head} />
      </div>
    </Panel>
  );
}
