import { Anchor, Button, Group, PasswordInput, Stack } from '@mantine/core';
import { type FormEvent, type ReactNode, useState } from 'react';
import { useMe } from '../../api/session.js';
import { Problem } from '../../ui/problem.js';
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
          label="Your password"
          autoComplete="current-password"
          autoFocus
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <CodeInput value={code} onChange={setCode} recovery={recovery} />
        <Anchor component="button" type="button" ta="left" onClick={() => setRecovery(!recovery)}>
          {recovery ? 'Use the app' : 'Use a recovery code'}
        </Anchor>
        <Problem error={action.error} />
        <Group justify="flex-end">
          <Button variant="default" size="md" onClick={onCancel}>
            Cancel
          </Button>
          <Button
            size="md"
            type="submit"
            {...(danger ? { color: 'red' } : {})}
            loading={action.isPending}
            disabled={!password || code.length < 6}
            data-testid="second-factor-prove"
          >
            {confirm}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
