import { Button, Progress } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys, leakChecksQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { DatasetVersion, LeakCheck } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { integer } from '../../ui/format.js';
import { notifyFailed } from '../../ui/notify.js';
import { Panel } from '../../ui/page.js';
import { Note } from '../../ui/signal.js';
import { LeakPairs } from './leak-pairs.js';
import { leaksIn } from './leaks.js';
import { totalsOf } from './totals.js';
import classes from './versions.module.css';

/** Whether a version tests on what it taught, and the frames that show it. */
export function LeaksPanel({ version }: { version: DatasetVersion }) {
  const check = useQuery(leakChecksQuery).data?.get(version.id);
  const engineer = useMay('engineer');
  const queryClient = useQueryClient();
  const set = useMutation({
    mutationFn: (run: boolean) => {
      const params = { params: { path: { id: version.id } } };
      return unwrap(
        run
          ? client.POST('/api/v1/datasets/{id}/leaks', params)
          : client.DELETE('/api/v1/datasets/{id}/leaks', params),
      );
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.datasets }),
    onError: (error) => notifyFailed(t('That did not work'), error),
  });
  const running = check?.state === 'queued' || check?.state === 'running';
  if (totalsOf(version).test === 0) return null;
  return (
    <Panel>
      <div className={classes.balanceHead} data-testid="leaks" data-state={check?.state ?? 'never'}>
        <h2>{t('Leaks between training and test')}</h2>
        {check?.finishedAt && !running ? (
          <span className={classes.checked}>
            {t('Compared')} <Ago at={check.finishedAt} />
          </span>
        ) : null}
        {engineer ? (
          <Button
            variant="default"
            loading={set.isPending}
            onClick={() => set.mutate(!running)}
            data-testid="check-leaks"
          >
            {running ? t('Stop') : check ? t('Look again') : t('Look for leaks')}
          </Button>
        ) : null}
      </div>
      {running ? (
        <Progress value={100 * (check.progress ?? 0)} animated aria-label={t('Comparing the pictures')} />
      ) : null}
      {check?.state === 'failed' ? <Note tone="bad">{check.message}</Note> : null}
      {check?.found ? <Findings check={check} /> : null}
      {check?.found && leaksIn(check) > 0 ? (
        <LeakPairs key={check.finishedAt} datasetId={version.id} at={check.finishedAt ?? ''} />
      ) : null}
    </Panel>
  );
}

function Findings({ check }: { check: LeakCheck }) {
  const { found, compared } = check;
  if (!found) return null;
  if (leaksIn(check) === 0) {
    return (
      <p className={classes.clean} data-testid="no-leaks">
        <IconShieldCheck size={20} aria-hidden />
        {t('No part lies on both sides: {{frames}} pictures were compared.', { frames: integer(compared) })}
      </p>
    );
  }
  return (
    <Note tone="warn">
      <span data-testid="leaks-found">
        {t(
          'Test frames that training has as good as seen: {{copy}} with the same picture, {{group}} of the same group, {{near}} that look nearly the same. Figures measured on them are too good.',
          { copy: integer(found.copy), group: integer(found.group), near: integer(found.near) },
        )}
      </span>
    </Note>
  );
}
