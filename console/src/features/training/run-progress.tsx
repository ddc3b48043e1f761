import { Button, Progress } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { TrainingRun } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { useNow } from '../../ui/clock.js';
import { duration } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import { Problem } from '../../ui/problem.js';
import { said } from '../../ui/said.js';
import { phaseWords, runSeconds } from './run-state.js';
import classes from './training.module.css';

/** How far, and how long so far. */
function now(run: TrainingRun, at: number): string {
  const { progress } = run;
  const seconds = runSeconds(run, at);
  const counted =
    progress && progress.total > 1
      ? t('{{done}} of {{total}}', { done: Math.floor(progress.done), total: progress.total })
      : '';
  const parts = [
    progress?.message ? said(progress.message) : counted,
    seconds === null ? '' : duration(Math.max(0, seconds)),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

/** A run on its way: the phase it is in, how far, how long so far, and a way out. */
export function RunProgress({ run }: { run: TrainingRun }) {
  const at = useNow();
  const engineer = useMay('engineer');
  const queryClient = useQueryClient();
  const cancel = useMutation({
    mutationFn: () =>
      unwrap(client.POST('/api/v1/training/runs/{id}/cancel', { params: { path: { id: run.id } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.training }),
  });
  const { progress } = run;
  const share = progress && progress.total > 0 ? Math.min(1, progress.done / progress.total) : null;
  return (
    <Panel>
      <div className={classes.progress} data-testid="training-progress">
        <div className={classes.progressHead}>
          <b className={classes.progressTitle}>
            {t('Run {{number}}: {{phase}}', {
              number: run.number,
              phase:
                run.state === 'queued'
                  ? t('waiting to start')
                  : progress
                    ? phaseWords(progress.phase)
                    : t('Starting'),
            })}
          </b>
          <span className={classes.progressNow}>{now(run, at)}</span>
          {engineer ? (
            <Button
              className={classes.progressStop}
              variant="default"
              size="md"
              loading={cancel.isPending}
              onClick={() => cancel.mutate()}
            >
              {t('Cancel')}
            </Button>
          ) : null}
        </div>
        <Progress
          value={share === null ? 100 : share * 100}
          striped={share === null}
          animated={share === null}
          size="lg"
          aria-label={t('Training progress')}
        />
        <Problem error={cancel.error} />
      </div>
    </Panel>
  );
}
