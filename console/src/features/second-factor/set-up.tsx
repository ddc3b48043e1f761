import { Button, Group, PasswordInput, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { QRCodeSVG } from 'qrcode.react';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { useMe } from '../../api/session.js';
import { t } from '../../i18n/index.js';
import { Copyable } from '../../ui/copyable.js';
import { Problem } from '../../ui/problem.js';
import { CodeInput } from './code-input.js';
import { RecoveryCodes } from './recovery-codes.js';
import classes from './second-factor.module.css';

interface SetUpProps {
  onDone: () => void;
  onCancel?: () => void;
  /** Told as soon as codes are on the screen that will not be shown again. */
  onCodes?: () => void;
}

/** Password, then the app, then the codes to keep. */
export function SetUp({ onDone, onCancel, onCodes }: SetUpProps) {
  const me = useMe();
  const queryClient = useQueryClient();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const begin = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/auth/second-factor/secret', { body: { password } })),
    onSuccess: () => setPassword(''),
  });
  const confirm = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/auth/second-factor', { body: { code } })),
    onSuccess: async () => {
      queryClient.setQueryData(keys.me, { ...me, secondFactor: 'on' });
      onCodes?.();
      await queryClient.invalidateQueries({ queryKey: keys.users });
    },
    onError: () => setCode(''),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    (begin.data ? confirm : begin).mutate();
  };
  const cancel = onCancel ? (
    <Button variant="default" size="md" onClick={onCancel}>
      {t('Cancel')}
    </Button>
  ) : null;

  if (confirm.data) return <RecoveryCodes codes={confirm.data.recoveryCodes} onDone={onDone} />;
  if (!begin.data)
    return (
      <form onSubmit={submit}>
        <Stack>
          <p className={classes.text}>
            {t(
              'An app on your phone shows a new code every thirty seconds. Signing in then needs your password and that code.',
            )}
          </p>
          <input type="email" autoComplete="username" value={me.email} readOnly hidden />
          <PasswordInput
            label={t('Your password')}
            autoComplete="current-password"
            data-autofocus
            autoFocus
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Problem error={begin.error} />
          <Group justify="flex-end">
            {cancel}
            <Button size="md" type="submit" loading={begin.isPending} disabled={!password}>
              {t('Go on')}
            </Button>
          </Group>
        </Stack>
      </form>
    );
  return (
    <form onSubmit={submit}>
      <Stack>
        <div className={classes.scan}>
          <QRCodeSVG
            value={begin.data.address}
            size={176}
            marginSize={4}
            title={t('Secret for an authenticator app')}
            data-testid="second-factor-qr"
          />
          <p className={classes.text}>
            {t(
              'Scan this with an authenticator app, or type the secret into it. Then enter the code that the app shows.',
            )}
          </p>
        </div>
        <Copyable label={t('Secret')} text={begin.data.secret} testId="second-factor-secret" />
        <CodeInput value={code} onChange={setCode} autoFocus />
        <Problem error={confirm.error} />
        <Group justify="flex-end">
          {cancel}
          <Button
            size="md"
            type="submit"
            loading={confirm.isPending}
            disabled={code.length < 6}
            data-testid="second-factor-confirm"
          >
            {t('Turn on')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
