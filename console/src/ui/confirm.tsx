import { Button, Group, Modal, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { t } from '../i18n/index.js';
import { Problem } from './problem.js';

interface ConfirmProps {
  opened: boolean;
  onClose: () => void;
  title: string;
  confirm: string;
  danger?: boolean;
  action: { mutate: () => void; isPending: boolean; error: unknown };
  children: ReactNode;
}

/** Asks before something that cannot simply be taken back; says what will happen. */
export function ConfirmDialog({ opened, onClose, title, confirm, danger, action, children }: ConfirmProps) {
  return (
    <Modal opened={opened} onClose={onClose} title={title}>
      <Stack>
        <div style={{ lineHeight: 1.5 }}>{children}</div>
        <Problem error={action.error} />
        <Group justify="flex-end">
          <Button variant="default" size="md" onClick={onClose}>
            {t('Cancel')}
          </Button>
          <Button
            size="md"
            {...(danger ? { color: 'red' } : {})}
            loading={action.isPending}
            onClick={() => action.mutate()}
            data-testid="confirm"
            data-autofocus
          >
            {confirm}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
