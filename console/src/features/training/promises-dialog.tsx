import { Button, Group, Modal, Select, Stack } from '@mantine/core';
import type { ClassItem } from '../../api/types.js';
import { choices, phrase, t } from '../../i18n/index.js';
import classes from './training.module.css';

/** Share of wrong decisions a camera may make alone. */
export const promises = [
  { value: '0.01', label: phrase('At most 1%') },
  { value: '0.02', label: phrase('At most 2%') },
  { value: '0.05', label: phrase('At most 5%') },
  { value: '0.1', label: phrase('At most 10%') },
];
const asOthers = { value: '', label: phrase('As all others') };

interface PromisesDialogProps {
  opened: boolean;
  onClose: () => void;
  classList: readonly ClassItem[];
  /** By class id; a class without one goes with the others. */
  own: Readonly<Record<string, string>>;
  setOwn: (own: Record<string, string>) => void;
}

/** Which classes may be wrong more or less often than the others, where the camera decides alone. */
export function PromisesDialog({ opened, onClose, classList, own, setOwn }: PromisesDialogProps) {
  const set = (id: string, value: string | null) => {
    const { [id]: _, ...rest } = own;
    setOwn(value ? { ...rest, [id]: value } : rest);
  };
  return (
    <Modal opened={opened} onClose={onClose} title={t('Errors by class')} size="lg">
      <Stack>
        <p className={classes.how}>
          {t(
            'Of the frames that a camera alone decides to be this class, how many may be wrong. A class with a share of its own is judged by its own frames: 45 without an error for 5%, 230 for 1%; with fewer its frames go to review.',
          )}
        </p>
        <div className={classes.promises}>
          {classList.map(({ id, name, colour }) => (
            <Select
              key={id}
              label={
                <span className={classes.stockItem} style={{ '--class-colour': colour }}>
                  {name}
                </span>
              }
              data={choices([asOthers, ...promises])}
              value={own[id] ?? ''}
              onChange={(value) => set(id, value)}
              allowDeselect={false}
              styles={{ label: { marginBottom: 6 } }}
              data-testid={`promise-${id}`}
            />
          ))}
        </div>
        <Group justify="flex-end">
          <Button variant="default" disabled={Object.keys(own).length === 0} onClick={() => setOwn({})}>
            {t('All alike')}
          </Button>
          <Button onClick={onClose}>{t('Done')}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
