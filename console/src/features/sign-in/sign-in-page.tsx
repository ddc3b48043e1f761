import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate, useRouter } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys, signedOut } from '../../api/queries.js';
import type { Me } from '../../api/types.js';
import { Mark } from '../../shell/brand.js';
import { usePageTitle } from '../../ui/page.js';
import { Problem } from '../../ui/problem.js';
import classes from './sign-in.module.css';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  const { token } = route.useSearch();
  usePageTitle('Sign in');
  return (
    <main className={classes.screen}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <Mark size={40} />
          Lineside
        </div>
        {token ? <ByLink token={token} /> : <ByPassword />}
      </div>
    </main>
  );
}

/** Goes on to where the person wanted to be. */
function useEnter(): (me: Me) => Promise<void> {
  const { next } = route.useSearch();
  const queryClient = useQueryClient();
  const router = useRouter();
  return async (me) => {
    signedOut.dispatchEvent(new Event('signed-out'));
    queryClient.clear();
    queryClient.setQueryData(keys.me, me);
    router.history.replace(next ?? '/');
  };
}

/** The token is spent by a click, never by opening the page: previews and scanners of links open pages too. */
function ByLink({ token }: { token: string }) {
  const enter = useEnter();
  const navigate = useNavigate();
  const signIn = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/auth/link', { body: { token } })),
    onSuccess: enter,
  });
  return (
    <Stack>
      <p className={classes.lead} style={{ margin: 0 }}>
        This link signs you in once. You can set a password afterwards.
      </p>
      <Problem error={signIn.error} />
      <Button
        size="lg"
        autoFocus
        loading={signIn.isPending}
        onClick={() => signIn.mutate()}
        data-testid="sign-in-link-button"
      >
        Sign in
      </Button>
      {signIn.error ? (
        <Button variant="subtle" size="md" onClick={() => void navigate({ to: '/sign-in', search: {} })}>
          Use e-mail and password
        </Button>
      ) : null}
    </Stack>
  );
}

function ByPassword() {
  const enter = useEnter();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/auth/sign-in', { body: { email, password } })),
    onSuccess: enter,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="E-mail"
          type="email"
          autoComplete="username"
          autoFocus
          required
          withAsterisk={false}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Problem error={signIn.error} />
        <Button size="lg" type="submit" loading={signIn.isPending} data-testid="sign-in-button">
          Sign in
        </Button>
      </Stack>
    </form>
  );
}
