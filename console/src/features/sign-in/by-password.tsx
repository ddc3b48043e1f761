import { Anchor, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { toApiError } from '../../api/errors.js';
import type { Me } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Problem } from '../../ui/problem.js';
import { CodeInput } from '../second-factor/code-input.js';
import classes from './sign-in.module.css';

interface Credentials {
  email: string;
  password: string;
  code?: string;
}

interface ByPasswordProps {
  enter: (me: Me) => Promise<void>;
  /** Not the way most people take here. */
  quiet?: boolean;
}

/** E-mail and password, then the code of the second factor where one is on. */
export function ByPassword({ enter, quiet = false }: ByPasswordProps) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [asksCode, setAsksCode] = useState(false);
  const signIn = useMutation({
    mutationFn: (body: Credentials) => unwrap(client.POST('/api/v1/auth/sign-in', { body })),
    onSuccess: enter,
    onError: (error) => {
      if (toApiError(error).code === 'second_factor_required') setAsksCode(true);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ email, password });
  };
  if (asksCode)
    return (
      <CodeStep
        error={toApiError(signIn.error).code === 'second_factor_required' ? null : signIn.error}
        pending={signIn.isPending}
        onCode={(code) => signIn.mutate({ email, password, code })}
        onBack={() => {
          setAsksCode(false);
          setPassword('');
          signIn.reset();
        }}
      />
    );
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t('E-mail')}
          type="email"
          autoComplete="username"
          autoFocus={!quiet}
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t('Password')}
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Problem error={signIn.error} />
        <Button
          size="lg"
          type="submit"
          {...(quiet ? { variant: 'default' } : {})}
          loading={signIn.isPending}
          data-testid="sign-in-button"
        >
          {t('Sign in')}
        </Button>
      </Stack>
    </form>
  );
}

function CodeStep(props: {
  error: unknown;
  pending: boolean;
  onCode: (code: string) => void;
  onBack: () => void;
}) {
  const [code, setCode] = useState('');
  const [recovery, setRecovery] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    props.onCode(code);
    setCode('');
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <CodeInput value={code} onChange={setCode} recovery={recovery} autoFocus />
        <Problem error={props.error} />
        <Button
          size="lg"
          type="submit"
          loading={props.pending}
          disabled={code.length < 6}
          data-testid="sign-in-code"
        >
          {t('Sign in')}
        </Button>
        <div className={classes.ways}>
          <Anchor
            component="button"
            type="button"
            onClick={() => {
              setCode('');
              setRecovery(!recovery);
            }}
          >
            {recovery ? t('Use the app') : t('Use a recovery code')}
          </Anchor>
          <Anchor component="button" type="button" onClick={props.onBack}>
            {t('Back')}
          </Anchor>
        </div>
        {recovery ? (
          <p className={classes.lead} style={{ margin: 0 }}>
            {t('No phone and no codes? An admin can reset your second factor under People.')}
          </p>
        ) : null}
      </Stack>
    </form>
  );
}
