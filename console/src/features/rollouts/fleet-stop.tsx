import { Button, Modal, Stack, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconHandStop, IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { fleetStopQuery, keys } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { t } from '../../i18n/index.js';
import { FormEnd } from '../../ui/form-end.js';
import { moment } from '../../ui/format.js';
import { notifyFailed } from '../../ui/notify.js';
import { Note } from '../../ui/signal.js';
import styles from './rollouts.module.css';

/** Says that the fleet is stopped, and lets it go on. */
export function StoppedNote() {
  const stop = useQuery(fleetStopQuery).data?.stop;
  const admin = useMay('admin');
  const queryClient = useQueryClient();
  const lift = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/rollouts/stop/lift')),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.rollouts }),
    onError: (error) => notifyFailed(t('The fleet is still stopped'), error),
  });
  if (!stop) return null;
  return (
    <div className={styles.stopped} data-testid="fleet-stopped">
      <Note tone="bad">
        {t(
          'The fleet is stopped: no device is told of models, challengers or settings. {{by}}, {{at}}: {{reason}}',
          { by: stop.by, at: moment(stop.at), reason: stop.reason },
        )}
      </Note>
      {admin ? (
        <Button
          size="md"
          variant="default"
          leftSection={<IconPlayerPlay size={18} />}
          loading={lift.isPending}
          onClick={() => lift.mutate()}
          data-testid="fleet-go-on"
        >
          {t('Go on')}
        </Button>
      ) : null}
    </div>
  );
}

export function StopButton() {
  const operator = useMay('operator');
  const stop = useQuery(fleetStopQuery).data?.stop;
  const [asking, ask] = useDisclosure(false);
  if (!operator || stop) return null;
  return (
    <>
      <Button
        size="md"
        variant="default"
        leftSection={<IconHandStop size={18} />}
        onClick={ask.open}
        data-testid="fleet-stop"
      >
        {t('Stop the fleet')}
      </Button>
      <Modal opened={asking} onClose={ask.close} title={t('Stop the fleet?')}>
        {asking ? <StopForm onClose={ask.close} /> : null}
      </Modal>
    </>
  );
}

function StopForm({ onClose }: { onClose: () => void }) {
  const queryClient = useQueryClient();
  const [reason, setReason] = useState('');
  const stop = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/rollouts/stop', { body: { reason: reason.trim() } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.rollouts });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    stop.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <span>
          {t(
            'No device is told of models, challengers or settings until an admin lets the fleet go on. Devices finish what they were told before, and go on deciding.',
          )}
        </span>
        <TextInput
          label={t('Reason')}
          maxLength={300}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          data-autofocus
          data-testid="fleet-stop-reason"
        />
        <FormEnd
          work={stop}
          leave={onClose}
          disabled={reason.trim() === ''}
          danger
          testId="fleet-stop-confirm"
        >
          {t('Stop the fleet')}
        </FormEnd>
      </Stack>
    </form>
  );
}
