import { Modal, SegmentedControl } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { classNamesQuery, liveBalanceQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { Loaded } from '../../ui/page.js';
import { byDevice, byState, type LiveState } from '../dataset-versions/balance.js';
import { HeatTable } from '../dataset-versions/heat-table.js';
import classes from './dataset.module.css';
import { type DatasetSearch, labelWords } from './filter.js';

type By = 'state' | 'device';

/** Where a person finds the frames of a cell. */
function searchOf(by: By, classId: string, column: string): DatasetSearch | null {
  if (classId === '' || column === '') return null;
  const ready: DatasetSearch = { label: 'class', classId, disputed: false };
  if (by === 'device') return { ...ready, deviceId: column };
  const state = column as LiveState;
  if (state === 'ready') return ready;
  return state === 'disputed' ? { ...ready, disputed: true } : { label: state, predicted: classId };
}

/** All frames as they are now, by class and state, or those of the next snapshot by class and device. */
export function BalanceDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [by, setBy] = useState<By>('state');
  const balance = useQuery({ ...liveBalanceQuery, enabled: opened });
  const names = useQuery(classNamesQuery).data;
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="min(1100px, 94vw)"
      title={t('Class balance')}
      transitionProps={{ duration: 0 }}
    >
      <div className={classes.methods}>
        <SegmentedControl
          aria-label={t('Classes by')}
          value={by}
          onChange={(value) => setBy(value as By)}
          data={[
            { value: 'state', label: t('By state') },
            { value: 'device', label: t('By device') },
          ]}
        />
      </div>
      <Loaded query={balance}>
        {(data) => (
          <HeatTable
            table={
              by === 'device'
                ? byDevice(
                    { ...data, cells: data.cells.filter(({ state }) => state === 'ready') },
                    t('All others'),
                  )
                : byState(data, {
                    ready: t(labelWords.class),
                    disputed: t('Disputed'),
                    none: t(labelWords.none),
                    unsure: t(labelWords.unsure),
                    skip: t(labelWords.skip),
                  })
            }
            nameOf={(id) => (id === '' ? t('No decision') : (names?.get(id) ?? id))}
            search={(classId, column) => searchOf(by, classId, column)}
            opened={onClose}
          />
        )}
      </Loaded>
      <p className={classes.balanceNote}>
        {by === 'device'
          ? t('Frames with a label that nobody disputes: those of the next snapshot.')
          : t('Frames without a label count for the class that the camera said.')}
      </p>
    </Modal>
  );
}
