import { Button, Group, Loader, Modal, Stack, Switch } from '@mantine/core';
import { IconPhotoOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import type { StartTraining } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { Problem } from '../../ui/problem.js';
import classes from './training.module.css';

export type Change = NonNullable<StartTraining['changes']>[number];

const names: Record<Change, string> = phrases({
  'flip-horizontal': 'Flip left and right',
  'flip-vertical': 'Flip top and bottom',
  rotation: 'Turn a little',
  crop: 'Crop a little',
  brightness: 'Brightness',
  contrast: 'Contrast',
  noise: 'Noise',
  blur: 'Blur',
});
export const allChanges = Object.keys(names) as Change[];

interface AugmentationDialogProps {
  opened: boolean;
  onClose: () => void;
  changes: readonly Change[];
  setChanges: (changes: Change[]) => void;
}

/** Which changes fine-tuning may make to pictures, and what they do to one that is labelled. */
export function AugmentationDialog({ opened, onClose, changes, setChanges }: AugmentationDialogProps) {
  const [turn, setTurn] = useState(0);
  const labelled = useQuery({
    queryKey: [...keys.training, 'preview-frames'],
    queryFn: async () =>
      (await unwrap(client.GET('/api/v1/frames', { params: { query: { labelled: true, limit: 50 } } })))
        .items,
    enabled: opened,
  });
  const frames = labelled.data ?? [];
  const frame = frames[turn % Math.max(1, frames.length)];
  const toggle = (change: Change, on: boolean) =>
    setChanges(allChanges.filter((each) => (each === change ? on : changes.includes(each))));

  return (
    <Modal opened={opened} onClose={onClose} title={t('Augmentation')} size="xl">
      <Stack>
        <p className={classes.how}>
          {t(
            'Fine-tuning learns from changed copies too. Leave out what would change what a part is: a flip, where left and right matter; brightness, where the shade is the defect.',
          )}
        </p>
        <div className={classes.switches}>
          {allChanges.map((change) => (
            <Switch
              key={change}
              label={t(names[change])}
              checked={changes.includes(change)}
              onChange={(event) => toggle(change, event.currentTarget.checked)}
              data-testid={`change-${change}`}
            />
          ))}
        </div>
        {labelled.error ? (
          <Problem error={labelled.error} />
        ) : frame ? (
          <Views
            key={`${frame.id} ${changes.join()} ${turn}`}
            src={`/api/v1/training/augmented-views?frameId=${frame.id}&changes=${changes.join(',')}&seed=${turn}`}
            ratio={(4 * frame.width) / (2 * frame.height)}
          />
        ) : labelled.isPending ? (
          <Loader aria-label={t('Loading frames')} />
        ) : (
          <p className={classes.how}>{t('Once a frame is labelled, its views are shown here.')}</p>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setTurn(turn + 1)} disabled={frames.length === 0}>
            {t('Another frame')}
          </Button>
          <Button onClick={onClose}>{t('Done')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** @param ratio width by height of the sheet, so that nothing moves when it comes */
function Views({ src, ratio }: { src: string; ratio: number }) {
  const [state, setState] = useState<'loading' | 'shown' | 'failed'>('loading');
  return (
    <div
      className={classes.views}
      style={{ aspectRatio: ratio }}
      data-testid="augmented-views"
      data-state={state}
    >
      {state === 'failed' ? (
        <span>
          <IconPhotoOff size={32} stroke={1.4} aria-hidden /> {t('The views cannot be drawn now.')}
        </span>
      ) : (
        <img
          src={src}
          alt={t('The frame as it is, then seven changed copies')}
          onLoad={() => setState('shown')}
          onError={() => setState('failed')}
        />
      )}
      {state === 'loading' ? <Loader color="gray" aria-label={t('Drawing views')} /> : null}
    </div>
  );
}
