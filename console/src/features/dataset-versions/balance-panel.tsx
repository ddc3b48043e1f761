import { SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { classNamesQuery, datasetBalanceQuery } from '../../api/queries.js';
import type { DatasetVersion } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Loaded, Panel } from '../../ui/page.js';
import { byDevice, bySplit } from './balance.js';
import { HeatTable } from './heat-table.js';
import classes from './versions.module.css';

type By = 'device' | 'split';

/** Frames of a version by class and device, or class and split; a cell leads to its frames. */
export function BalancePanel({ version }: { version: DatasetVersion }) {
  const [by, setBy] = useState<By>('split');
  const balance = useQuery(datasetBalanceQuery(version.id));
  const known = useQuery(classNamesQuery).data;
  const then = new Map(version.classes.map(({ id, name }) => [id, name]));
  return (
    <Panel>
      <div className={classes.balanceHead}>
        <h2>{t('Class balance')}</h2>
        <SegmentedControl
          aria-label={t('Classes by')}
          value={by}
          onChange={(value) => setBy(value as By)}
          data={[
            { value: 'split', label: t('By split') },
            { value: 'device', label: t('By device') },
          ]}
        />
      </div>
      <Loaded query={balance}>
        {(data) => (
          <HeatTable
            table={
              by === 'split'
                ? bySplit(data, { train: t('Train'), test: t('Test') })
                : byDevice(data, t('All others'))
            }
            nameOf={(id) => known?.get(id) ?? then.get(id) ?? id}
            search={(classId, column) => {
              if (by === 'split') return { version: `${version.id},${column},${classId}` };
              return column === '' ? null : { version: `${version.id},,${classId}`, deviceId: column };
            }}
          />
        )}
      </Loaded>
    </Panel>
  );
}
