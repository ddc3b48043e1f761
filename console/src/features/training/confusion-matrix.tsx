import { Link } from '@tanstack/react-router';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import type { Evaluation } from './report.js';
import classes from './training.module.css';

/**
 * Rows are what a person said, columns what the model said; the diagonal is right, the rest is worth a look. A cell opens its
 * frames, where the run kept its answers.
 */
export function ConfusionMatrix({ evaluation, runId }: { evaluation: Evaluation; runId: string | null }) {
  const { perClass, confusion } = evaluation;
  if (confusion.length === 0) return null;
  return (
    <div className={classes.matrixScroll}>
      <table className={classes.matrix} data-testid="confusion-matrix">
        <caption>{t('Down: what a person said. Across: what the model said.')}</caption>
        <thead>
          <tr>
            <td />
            {perClass.map(({ classId, name }) => (
              <th key={classId} scope="col" title={name}>
                <span>{name}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {perClass.map(({ classId, name }, row) => {
            const counts = confusion[row] ?? [];
            const total = counts.reduce((sum, count) => sum + count, 0);
            return (
              <tr key={classId}>
                <th scope="row" title={name}>
                  {name}
                </th>
                {perClass.map((column, place) => {
                  const count = counts[place] ?? 0;
                  const share = total > 0 ? count / total : 0;
                  return (
                    <td
                      key={column.classId}
                      data-right={row === place ? '' : undefined}
                      data-none={count === 0 ? '' : undefined}
                      style={{ '--share': share }}
                      title={t('{{name}}, taken for {{name2}}: {{number}} of {{total}}', {
                        name,
                        name2: column.name,
                        number: count,
                        total,
                      })}
                    >
                      {runId && count > 0 ? (
                        <Link
                          to="/dataset"
                          search={{ answered: `${runId},${classId},${column.classId}` }}
                          aria-label={t('Show the {{count, number}} frames of {{name}} taken for {{name2}}', {
                            count,
                            name,
                            name2: column.name,
                          })}
                          data-testid={`confusion-${classId}-${column.classId}`}
                        >
                          {integer(count)}
                        </Link>
                      ) : (
                        integer(count)
                      )}
                    </td>
                  );
                })}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
