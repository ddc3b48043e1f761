import { Anchor, PasswordInput, Stack } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useMe } from '../../api/session.js';
import { t } from '../../i18n/index.js';
import { FormEnd } from '../../ui/form-end.js';
import { CodeInput } from './code-input.js';

export interface Proof {
  password: string;
  code: string;
}

interface ProofFormProps {
  confirm: string;
  danger?: boolean;
  action: { mutate: (proof: Proof) => void; isPending: boolean; error: unknown };
  onCancel: () => void;
  children: ReactNode;
}

/** Password and code once more: the session may be one that somebody left open. */
export function ProofForm({ confirm, danger, action, onCancel, children }: ProofFormProps) {
  const me = useMe();
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [recovery, setRecovery] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    action.mutate({ password, code });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <div style={{ lineHeight: 1.5 }}>{children}</div>
        <input type="email" autoComplete="username" value={me.email} readOnly hidden />
        <PasswordInput
          label={t('Your password')}
          autoComplete="current-password"
          autoFocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <CodeInput value={code} onChange={setCode} recovery={recovery} />
        <Anchor component="button" type="button" ta="left" onClick={() => setRecovery(!recovery)}>
          {recovery ? t('Use the app') : t('Use a recovery code')}
        </Anchor>
        <FormEnd
          work={action}
          leave={onCancel}
          disabled={!password || code.length < 6}
          danger={danger === true}
          testId="second-factor-prove"
        >
          {confirm}
        </FormEnd>
      </Stack>
    </form>
  );
}
