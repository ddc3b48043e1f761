import { Button } from '@mantine/core';
import type { Sweep, SweepRow } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { bytes, duration, percent, significant } from '../../ui/format.js';
import pageClasses from '../../ui/page.module.css';
import { Tag } from '../../ui/signal.js';
import { type Clock, latencyOf, serverClock, settingsOf } from './pareto.js';
import classes from './sweeps.module.css';

interface Props {
  sweep: Sweep;
  clock: Clock;
  /** Null: the person may not train. */
  train: ((row: SweepRow) => void) | null;
}

const num = `${pageClasses.num} ${classes.oneLine}`;

export function SweepTable({ sweep: { rows, winner }, clock, train }: Props) {
  return (
    <div className={pageClasses.scroll}>
      <table className={`${pageClasses.table} ${classes.tight}`} data-testid="sweep-table">
        <thead>
          <tr>
            <th>{t('Architecture')}</th>
            <th className={pageClasses.num} title={t('Mean recall, with its 95% bootstrap interval')}>
              {t('Balanced accuracy')}
            </th>
            <th className={pageClasses.num} title={t('How far confidence is from truth')}>
              {t('ECE')}
            </th>
            <th className={pageClasses.num}>{t('Frame')}</th>
            <th className={`${pageClasses.num} ${pageClasses.wide}`}>{t('Size')}</th>
            <th className={pageClasses.num} title={t('Accuracy that the 8-bit form loses')}>
              {t('8-bit loss')}
            </th>
            <th
              className={`${pageClasses.num} ${pageClasses.wide}`}
              title={t('Reading and training in this bake-off')}
            >
              {t('Took')}
            </th>
            <th />
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <Row
              key={`${row.architecture} ${settingsOf(row)}`}
              {...{ row, clock, train }}
              winner={at === winner}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row, clock, winner, train }: Omit<Props, 'sweep'> & { row: SweepRow; winner: boolean }) {
  const { figures } = row;
  const accuracy = figures?.balancedAccuracy;
  const latency = latencyOf(row, clock);
  const [int8] = row.int8;
  return (
    <tr
      data-testid={winner ? 'sweep-winner' : undefined}
      className={row.dropped ? pageClasses.dim : undefined}
    >
      <td>
        <span className={pageClasses.strong}>{row.name}</span>{' '}
        {winner ? <Tag tone="ok">{t('Winner')}</Tag> : null}
        <span className={classes.settings}>
          {settingsOf(row)}
          {row.dropped ? t(', left after {{n}} frames', { n: figures?.n }) : ''}
        </span>
        {row.problem ? (
          <span className={classes.settings}>{t('Not trained: {{problem}}', { problem: row.problem })}</span>
        ) : null}
      </td>
      <td className={num}>
        {accuracy?.value == null ? (
          '–'
        ) : (
          <>
            <b>{percent(accuracy.value, 1)}</b>
            <span className={classes.settings}>
              {accuracy.low === null || accuracy.high === null
                ? ''
                : `${percent(accuracy.low)}–${percent(accuracy.high)}`}
            </span>
          </>
        )}
      </td>
      <td className={num}>
        {figures?.calibrationError == null ? '–' : percent(figures.calibrationError, 1)}
      </td>
      <td className={num}>
        {latency === null ? (
          <span className={pageClasses.dim}>{t('not measured')}</span>
        ) : clock.id === serverClock.id ? (
          t('{{latency}} ms here', { latency: significant(latency, 3) })
        ) : (
          `${significant(latency, 3)} ms`
        )}
      </td>
      <td className={`${num} ${pageClasses.wide}`}>
        {row.modelBytes === null ? '–' : bytes(row.modelBytes)}
      </td>
      <td className={num}>
        {int8?.accuracyLost == null ? (
          <span className={pageClasses.dim}>{t('not made')}</span>
        ) : (
          <span
            title={t('{{deviceClass}} of {{modelVersionId}}, n = {{n}}', {
              deviceClass: int8.deviceClass,
              modelVersionId: int8.modelVersionId,
              n: int8.n,
            })}
          >
            {percent(int8.accuracyLost, 1)}
          </span>
        )}
      </td>
      <td className={`${num} ${pageClasses.wide}`}>{duration(row.seconds)}</td>
      <td className={num}>
        {train && figures ? (
          <Button
            size="md"
            variant={winner ? 'filled' : 'subtle'}
            onClick={() => train(row)}
            aria-label={t('Train {{name}}, {{settingsOf}}', { name: row.name, settingsOf: settingsOf(row) })}
            {...(winner ? { 'data-testid': 'train-winner' } : {})}
          >
            {t('Train')}
          </Button>
        ) : null}
      </td>
    </tr>
  );
}

/** Recall of each class in the rows that were judged on every frame. */
export function RecallTable({
  rows,
  names,
}: {
  rows: readonly SweepRow[];
  names: ReadonlyMap<string, string>;
}) {
  const judged = rows.filter(({ rung, figures }) => rung > 1 && figures);
  const perClass = judged[0]?.figures?.perClass ?? [];
  return (
    <div className={pageClasses.scroll}>
      <table className={`${pageClasses.table} ${classes.tight}`}>
        <thead>
          <tr>
            <th>{t('Recall')}</th>
            {perClass.map(({ classId, recall }) => (
              <th key={classId} className={pageClasses.num}>
                {names.get(classId) ?? classId} <span className={classes.settings}>n = {recall.n}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {judged.map((row) => (
            <tr key={`${row.architecture} ${settingsOf(row)}`}>
              <td>
                <span className={pageClasses.strong}>{row.name}</span>
                <span className={classes.settings}>{settingsOf(row)}</span>
              </td>
              {row.figures?.perClass.map(({ classId, recall }) => (
                <td key={classId} className={pageClasses.num}>
                  {recall.value === null ? '–' : percent(recall.value)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
