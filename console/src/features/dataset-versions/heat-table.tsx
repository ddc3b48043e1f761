import { Link } from '@tanstack/react-router';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import type { DatasetSearch } from '../dataset/filter.js';
import type { BalanceTable } from './balance.js';
import classes from './versions.module.css';

interface HeatTableProps {
  table: BalanceTable;
  nameOf: (classId: string) => string;
  /** Frames of a cell; null: nothing finds exactly them. */
  search: (classId: string, column: string) => DatasetSearch | null;
  opened?: () => void;
}

/** Counts by class and column, the more the darker; a cell leads to its frames. */
export function HeatTable({ table, nameOf, search, opened }: HeatTableProps) {
  const all = table.columns.reduce((sum, { frames }) => sum + frames, 0);
  return (
    <div className={classes.heatScroll}>
      <table className={classes.heat} data-testid="balance">
        <thead>
          <tr>
            <td />
            {table.columns.map(({ id, name }) => (
              <th key={id} scope="col" title={name}>
                {name}
              </th>
            ))}
            <th scope="col">{t('All')}</th>
          </tr>
        </thead>
        <tbody>
          {table.rows.map(({ classId, counts, total }) => (
            <tr key={classId}>
              <th scope="row" title={nameOf(classId)}>
                {nameOf(classId)}
              </th>
              {table.columns.map(({ id, name }, at) => {
                const count = counts[at] ?? 0;
                const found = count === 0 ? null : search(classId, id);
                return (
                  <td
                    key={id}
                    style={{ '--share': Math.sqrt(count / table.most) }}
                    data-none={count === 0 ? '' : undefined}
                  >
                    {found === null ? (
                      integer(count)
                    ) : (
                      <Link
                        to="/dataset"
                        search={found}
                        {...(opened ? { onClick: opened } : {})}
                        aria-label={t('Show {{frames}} frames of {{class}}, {{column}}', {
                          frames: integer(count),
                          class: nameOf(classId),
                          column: name,
                        })}
                        data-testid={`balance-${classId}-${id}`}
                      >
                        {integer(count)}
                      </Link>
                    )}
                  </td>
                );
              })}
              <td data-total="">{integer(total)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{t('All')}</th>
            {table.columns.map(({ id, frames }) => (
              <td key={id} data-total="">
                {integer(frames)}
              </td>
            ))}
            <td data-total="">{integer(all)}</td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
}
