import { Button, Stack } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { client, unwrap } from '../../api/client.js';
import type { Me } from '../../api/types.js';
import { usePageTitle } from '../../ui/page.js';
import { Problem } from '../../ui/problem.js';
import { ByPassword } from './by-password.js';
import classes from './sign-in.module.css';
import { SignInCard } from './sign-in-card.js';
import { useEnter } from './use-enter.js';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  const { token, next } = route.useSearch();
  const enter = useEnter(next);
  usePageTitle('Sign in');
  return (
    <SignInCard>{token ? <ByLink token={token} enter={enter} /> : <ByPassword enter={enter} />}</SignInCard>
  );
}

/** The token is spent by a click, never by opening the page: previews and scanners of links open pages too. */
function ByLink({ token, enter }: { token: string; enter: (me: Me) => Promise<void> }) {
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
