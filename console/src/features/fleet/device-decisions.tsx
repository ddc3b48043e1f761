import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { ConfirmDialog } from '../../ui/confirm.js';

/** What an admin decides about an identity that two machines use, right below the note that says so. */
export function QuarantineDecision({ device }: { device: Device }) {
  const admin = useMay('admin');
  if (!admin || !device.quarantinedAt || device.revokedAt) return null;
  return (
    <Group gap={10}>
      <Release device={device} />
      <Revoke device={device} />
    </Group>
  );
}

/** Shuts a device out for good. */
export function Revoke({ device }: { device: Device }) {
  const admin = useMay('admin');
  const queryClient = useQueryClient();
  const [asking, ask] = useDisclosure(false);
  const revoke = useMutation({
    mutationFn: () =>
      unwrap(client.POST('/api/v1/devices/{id}/revoke', { params: { path: { id: device.id } } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.devices });
      ask.close();
    },
  });
  if (!admin || device.revokedAt) return null;
  return (
    <>
      <Button color="red" variant="light" size="md" onClick={ask.open}>
        {t('Revoke device')}
      </Button>
      <ConfirmDialog
        opened={asking}
        onClose={ask.close}
        title={t('Revoke {{name}}?', { name: device.name })}
        confirm={t('Revoke')}
        danger
        action={revoke}
      >
        {t(
          'Its certificate stops working and the connection is dropped at once. The camera goes on deciding on its own, but sends nothing and gets no new model until it is enrolled again.',
        )}
      </ConfirmDialog>
    </>
  );
}

function Release({ device }: { device: Device }) {
  const queryClient = useQueryClient();
  const [asking, ask] = useDisclosure(false);
  const release = useMutation({
    mutationFn: () =>
      unwrap(client.POST('/api/v1/devices/{id}/release', { params: { path: { id: device.id } } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.devices });
      ask.close();
    },
  });
  return (
    <>
      <Button variant="default" size="md" onClick={ask.open} data-testid="release-device">
        {t('Let it connect again')}
      </Button>
      <ConfirmDialog
        opened={asking}
        onClose={ask.close}
        title={t('Let {{name}} connect again?', { name: device.name })}
        confirm={t('Let it connect')}
        action={release}
      >
        {t(
          'Only if you know which machine had the copy and it is gone, such as a copied disk that was started for a test. Otherwise revoke the device and enrol it anew: whoever has the copy has its key.',
        )}
      </ConfirmDialog>
    </>
  );
}
