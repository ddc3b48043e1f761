import { Select } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys, sweepQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Sweep, SweepRow, TrainingRun } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import { Loaded, Panel } from '../../ui/page.js';
import { Problem } from '../../ui/problem.js';
import { clocksOf, pointsOf, serverClock } from './pareto.js';
import { ParetoChart } from './pareto-chart.js';
import { RecallTable, SweepTable } from './sweep-table.js';
import classes from './sweeps.module.css';

/** What a bake-off found, and the way from a line of its table to a model. */
export function SweepView({ run, names }: { run: TrainingRun; names: ReadonlyMap<string, string> }) {
  const sweep = useQuery(sweepQuery(run.id));
  return <Loaded query={sweep}>{(found) => <Found sweep={found} run={run} names={names} />}</Loaded>;
}

function Found({
  sweep,
  run,
  names,
}: {
  sweep: Sweep;
  run: TrainingRun;
  names: ReadonlyMap<string, string>;
}) {
  const engineer = useMay('engineer');
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const clocks = clocksOf(sweep.rows);
  const [clockId, setClock] = useState(clocks[0]?.id ?? serverClock.id);
  const clock = clocks.find(({ id }) => id === clockId) ?? serverClock;
  const points = pointsOf(sweep.rows, clock);
  const train = useMutation({
    mutationFn: ({ architecture, inputSize, mode, regularisation }: SweepRow) =>
      unwrap(
        client.POST('/api/v1/training/runs', {
          body: { datasetVersionId: run.datasetVersionId, architecture, inputSize, mode, regularisation },
        }),
      ),
    onSuccess: async (started) => {
      await queryClient.invalidateQueries({ queryKey: keys.training });
      await navigate({ to: '/training/$runId', params: { runId: started.id } });
    },
  });
  return (
    <>
      <Problem error={train.error} />
      <Panel title={t('Accuracy against speed')}>
        <div className={classes.chartHead}>
          <Select
            label={t('Frames timed on')}
            data={clocks.map(({ id, label }) => ({ value: id, label }))}
            value={clock.id}
            onChange={(value) => setClock(value ?? serverClock.id)}
            allowDeselect={false}
            w={340}
          />
          <p className={classes.note}>
            {clocks.length === 1
              ? t(
                  'No device has measured a model like these yet: train one, then run a benchmark on its device page.',
                )
              : t('Devices measured models of the same architecture and size.')}
          </p>
        </div>
        {points.length > 0 ? (
          <ParetoChart points={points} />
        ) : (
          <p className={classes.note}>{t('Nothing to draw.')}</p>
        )}
      </Panel>
      <Panel title={t('Bake-off')}>
        <p className={classes.note}>
          {t(
            '{{rungs}}. All answered the same frames, each left out in turn; the test set was not looked at.',
            {
              rungs: sweep.rungs
                .map(({ candidates, frames, mode }) =>
                  mode === 'head'
                    ? t('{{count, number}} heads on {{frames}} frames', {
                        count: candidates,
                        frames: integer(frames),
                      })
                    : t('{{count, number}} tails on {{frames}} frames', {
                        count: candidates,
                        frames: integer(frames),
                      }),
                )
                .join(t(', then ')),
            },
          )}
        </p>
        <SweepTable sweep={sweep} clock={clock} train={engineer ? (row) => train.mutate(row) : null} />
      </Panel>
      <Panel title={t('Each class')}>
        <RecallTable rows={sweep.rows} names={names} />
      </Panel>
    </>
  );
}
