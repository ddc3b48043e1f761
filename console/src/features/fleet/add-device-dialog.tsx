import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { QRCodeSVG } from 'qrcode.react';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import type { ClaimToken } from '../../api/types.js';
import { choices, t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { Copyable } from '../../ui/copyable.js';
import { FormEnd } from '../../ui/form-end.js';
import { moment } from '../../ui/format.js';
import { Note } from '../../ui/signal.js';
import { claimContent, lifetimes } from './claim-content.js';

const validNames = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

/** The agent's configuration file for this device, ready to be saved. */
const agentConfig = (name: string, claim: ClaimToken): string => `{
  "deviceName": ${JSON.stringify(name)},
  "server": {
    "enrolUrl": ${JSON.stringify(claim.enrolUrl)},
    "claimToken": ${JSON.stringify(claim.token)}
  },
  "cameras": [
    { "id": "camera-1", "source": { "kind": "v4l2", "device": "/dev/video0" } }
  ]
}`;

export function AddDeviceDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [name, setName] = useState('');
  const [minutes, setMinutes] = useState('60');
  const create = useMutation({
    mutationFn: () =>
      unwrap(client.POST('/api/v1/devices/claim-tokens', { body: { name, validMinutes: Number(minutes) } })),
  });
  const close = () => {
    onClose();
    setName('');
    create.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const nameWrong = name !== '' && !validNames.test(name);

  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t('Add a device')}
      size="lg"
      closeOnClickOutside={!create.data}
    >
      {create.data ? (
        <Stack>
          <Note tone="warn">
            <Trans
              i18nKey={
                'The token is shown only now. It lets one device enrol as <b>{{name}}</b> until {{expiresAt}}.'
              }
              values={{ name, expiresAt: moment(create.data.expiresAt) }}
              components={{ b: <b /> }}
            />
          </Note>
          <Copyable
            label={t('Save on the device as /etc/lineside/agent.json')}
            text={agentConfig(name, create.data)}
            testId="agent-config"
          />
          <Copyable
            label={t('Then start the agent')}
            text={t('lineside-agent --config /etc/lineside/agent.json')}
          />
          <div style={{ display: 'flex', alignItems: 'center', gap: 16, flexWrap: 'wrap' }}>
            <QRCodeSVG
              value={claimContent(create.data.enrolUrl, create.data.token)}
              size={196}
              marginSize={4}
              title={t('Server address and claim token')}
              data-testid="claim-qr"
            />
            <span style={{ maxWidth: 260, lineHeight: 1.5 }}>
              {t('Address and token as JSON, for whoever stands at the device with a scanner.')}
            </span>
          </div>
          <Copyable label={t('The claim token by itself')} text={create.data.token} testId="claim-token" />
          <Group justify="flex-end">
            <Button size="md" onClick={close}>
              {t('Done')}
            </Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack>
            <TextInput
              label={t('Name')}
              description={t('Where it stands, such as line-2-outfeed')}
              data-autofocus
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              error={nameWrong ? t('Letters, digits, hyphen and underscore, up to 64') : null}
            />
            <Select
              label={t('The token is valid for')}
              data={choices(lifetimes)}
              value={minutes}
              onChange={(value) => setMinutes(value ?? '60')}
              allowDeselect={false}
            />
            <FormEnd work={create} leave={close} disabled={!validNames.test(name)}>
              {t('Create token')}
            </FormEnd>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
