import { Modal } from '@mantine/core';
import { useMe } from '../api/session.js';
import { t } from '../i18n/index.js';
import { PasswordForm } from './password-form.js';

export function PasswordDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const me = useMe();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={me.hasPassword ? t('Change password') : t('Set a password')}
    >
      <PasswordForm onClose={onClose} />
    </Modal>
  );
}
