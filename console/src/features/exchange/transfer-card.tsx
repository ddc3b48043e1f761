import { Button, FileButton, Progress } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Transfer } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { bytes, integer, moment } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { Problem } from '../../ui/problem.js';
import { Note, Tag } from '../../ui/signal.js';
import classes from './exchange.module.css';
import { StartImport } from './start-import.js';
import { uploads, useUpload } from './uploads.js';
import { countWords, formatWords, isUnderWay, stateWords, tones } from './words.js';

/** One import or export: where it is, what came of it, and what can be done with it. */
export function TransferCard({ transfer }: { transfer: Transfer }) {
  const engineer = useMay('engineer');
  const queryClient = useQueryClient();
  const cancel = useMutation({
    mutationFn: () =>
      unwrap(client.POST('/api/v1/transfers/{id}/cancel', { params: { path: { id: transfer.id } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.transfers }),
  });
  const { id, number, direction, state, format, fileName, counts, error } = transfer;
  const again = state === 'failed' && transfer.contents !== null;
  return (
    <Panel>
      <article className={classes.card} data-testid={`transfer-${number}`}>
        <div className={classes.head}>
          <Tag tone={tones[state]}>{stateWords(transfer)}</Tag>
          <span className={classes.name}>{fileName}</span>
          <span className={pageClasses.dim}>
            {direction === 'import' ? t('Import') : t('Export')} {number}
            {format ? ` · ${t(formatWords[format])}` : ''}
            {transfer.bytes > 0 ? ` · ${bytes(transfer.bytes)}` : ''} · {transfer.createdBy},{' '}
            <Ago at={transfer.createdAt} />
          </span>
          <div className={classes.do}>
            {direction === 'export' && state === 'succeeded' && engineer && transfer.expiresAt !== null ? (
              <Button
                component="a"
                size="md"
                href={`/api/v1/exports/${encodeURIComponent(id)}/file`}
                download
                title={t('Kept until {{expiresAt}}', { expiresAt: moment(transfer.expiresAt) })}
                data-testid={`download-${number}`}
              >
                {t('Download')}
              </Button>
            ) : null}
            {counts && counts.issues > 0 ? (
              <Button
                component="a"
                variant="default"
                size="md"
                href={`/api/v1/imports/${encodeURIComponent(id)}/report`}
                download
                data-testid={`report-${number}`}
              >
                {t('Report, {{issues}} lines', { issues: integer(counts.issues) })}
              </Button>
            ) : null}
            {engineer && isUnderWay(transfer) ? (
              <Button variant="default" size="md" loading={cancel.isPending} onClick={() => cancel.mutate()}>
                {t('Cancel')}
              </Button>
            ) : null}
          </div>
        </div>
        {state === 'uploading' ? <Upload transfer={transfer} /> : null}
        {state === 'running' || state === 'queued' ? <Advance transfer={transfer} /> : null}
        {counts ? <p className={classes.hint}>{countWords(transfer)}</p> : null}
        {error ? (
          <Note tone="bad" code={error.code}>
            {error.message}
          </Note>
        ) : null}
        {engineer && (state === 'ready' || again) ? <StartImport transfer={transfer} /> : null}
        <Problem error={cancel.error} />
      </article>
    </Panel>
  );
}

function Advance({ transfer: { progress } }: { transfer: Transfer }) {
  const counted = progress && progress.total > 1 ? progress : null;
  return (
    <div>
      <Progress
        value={counted ? (counted.done / counted.total) * 100 : 100}
        striped={!counted}
        animated={!counted}
        size="lg"
        aria-label={t('Progress')}
      />
      {counted ? (
        <p className={classes.hint}>
          {t('{{done}} of {{total}}', { done: integer(counted.done), total: integer(counted.total) })}
        </p>
      ) : null}
    </div>
  );
}

/** An upload that no page sends any more goes on with the same file. */
function Upload({ transfer }: { transfer: Transfer }) {
  const queryClient = useQueryClient();
  const engineer = useMay('engineer');
  const upload = useUpload(transfer.id);
  const sent = upload?.sent ?? transfer.received ?? 0;
  const stands = !upload || upload.error !== null;
  const goOn = (file: File | null) => {
    if (file && file.size === transfer.bytes) void uploads.send(transfer.id, file, queryClient);
  };
  return (
    <div className={classes.upload}>
      <Progress
        value={(sent / transfer.bytes) * 100}
        size="lg"
        aria-label={t('Upload')}
        {...(stands ? { color: 'gray' } : {})}
      />
      <p className={classes.hint}>
        {t('{{sent}} of {{bytes}}', { sent: bytes(sent), bytes: bytes(transfer.bytes) })}
      </p>
      {upload?.error ? <Problem error={upload.error} /> : null}
      {stands && engineer ? (
        <FileButton onChange={goOn} accept=".zip,application/zip">
          {(props) => (
            <Button {...props} variant="default" size="md">
              {t('Go on with the same file')}
            </Button>
          )}
        </FileButton>
      ) : null}
    </div>
  );
}
