import { Button, Group, Modal, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys, secondFactorQuery } from '../../api/queries.js';
import { useMe } from '../../api/session.js';
import { t } from '../../i18n/index.js';
import { moment } from '../../ui/format.js';
import { notifyDone } from '../../ui/notify.js';
import { Loaded } from '../../ui/page.js';
import { Note } from '../../ui/signal.js';
import { type Proof, ProofForm } from './proof-form.js';
import { RecoveryCodes } from './recovery-codes.js';
import { SetUp } from './set-up.js';

/** A person's own second factor: turn it on, make new recovery codes, turn it off. */
export function SecondFactorDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const me = useMe();
  const [showsCodes, setShowsCodes] = useState(false);
  const [wasOn] = useState(me.secondFactor === 'on');
  const common = { onClose, onCodes: () => setShowsCodes(true) };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('Second factor')}
      size="lg"
      closeOnClickOutside={!showsCodes}
      closeOnEscape={!showsCodes}
      withCloseButton={!showsCodes}
    >
      {wasOn ? (
        <Manage {...common} />
      ) : me.hasPassword ? (
        <SetUp onDone={onClose} onCancel={onClose} onCodes={common.onCodes} />
      ) : (
        <Note tone="idle">{t('Set a password first. The code of the app comes on top of it.')}</Note>
      )}
    </Modal>
  );
}

function Manage({ onClose, onCodes }: { onClose: () => void; onCodes: () => void }) {
  const queryClient = useQueryClient();
  const state = useQuery(secondFactorQuery);
  const [asking, ask] = useState<'codes' | 'off' | null>(null);
  const renew = useMutation({
    mutationFn: (body: Proof) => unwrap(client.POST('/api/v1/auth/second-factor/recovery-codes', { body })),
    onSuccess: async () => {
      onCodes();
      await queryClient.invalidateQueries({ queryKey: keys.secondFactor });
    },
  });
  const turnOff = useMutation({
    mutationFn: (body: Proof) => unwrap(client.POST('/api/v1/auth/second-factor/off', { body })),
    onSuccess: async (updated) => {
      queryClient.setQueryData(keys.me, updated);
      queryClient.removeQueries({ queryKey: keys.secondFactor });
      await queryClient.invalidateQueries({ queryKey: keys.users });
      onClose();
      notifyDone(t('Your second factor is off.'));
    },
  });
  if (renew.data) return <RecoveryCodes codes={renew.data.recoveryCodes} onDone={onClose} />;
  if (asking === 'codes')
    return (
      <ProofForm confirm={t('Make new codes')} action={renew} onCancel={() => ask(null)}>
        {t('You get ten new recovery codes. The old ones are worth nothing from then on.')}
      </ProofForm>
    );
  if (asking === 'off')
    return (
      <ProofForm confirm={t('Turn off')} danger action={turnOff} onCancel={() => ask(null)}>
        {t('Your password alone signs you in again.')}
      </ProofForm>
    );
  return (
    <Loaded query={state}>
      {({ since, recoveryCodesLeft, needed }) => (
        <Stack>
          <div style={{ lineHeight: 1.5 }}>
            {t('On since {{value}}. {{recoveryCodesLeft}} of 10 recovery codes are left.', {
              value: since ? moment(since) : t('now'),
              recoveryCodesLeft,
            })}
          </div>
          {recoveryCodesLeft < 3 ? (
            <Note tone="warn">{t('Make new recovery codes before the last ones are used.')}</Note>
          ) : null}
          {needed ? <Note tone="idle">{t('Your role needs it, so it cannot be turned off.')}</Note> : null}
          <Group justify="flex-end">
            {needed ? null : (
              <Button variant="default" size="md" onClick={() => ask('off')} data-testid="second-factor-off">
                {t('Turn off')}
              </Button>
            )}
            <Button size="md" onClick={() => ask('codes')}>
              {t('New recovery codes')}
            </Button>
          </Group>
        </Stack>
      )}
    </Loaded>
  );
}
