import { Anchor, Button, Divider, Stack } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { client, unwrap } from '../../api/client.js';
import { waysQuery } from '../../api/queries.js';
import type { Me, SignInWays } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Loaded, Loading, usePageTitle } from '../../ui/page.js';
import { Problem } from '../../ui/problem.js';
import { ByPassword } from './by-password.js';
import classes from './sign-in.module.css';
import { SignInCard } from './sign-in-card.js';
import { SsoButton } from './sso-button.js';
import { SsoProblem } from './sso-problem.js';
import { useEnter } from './use-enter.js';

const route = getRouteApi('/sign-in');

export function SignInPage() {
  const { token, next, problem } = route.useSearch();
  const ways = useQuery(waysQuery);
  const enter = useEnter(next);
  usePageTitle(t('Sign in'));
  const common = { enter, ...(next ? { next } : {}) };
  return (
    <SignInCard>
      <Stack>
        {problem ? <SsoProblem code={problem} /> : null}
        <Loaded query={ways} skeleton={<Loading rows={3} height={48} />}>
          {(found) =>
            token ? <ByLink token={token} ways={found} {...common} /> : <Anyway ways={found} {...common} />
          }
        </Loaded>
      </Stack>
    </SignInCard>
  );
}

interface WayProps {
  ways: SignInWays;
  enter: (me: Me) => Promise<void>;
  next?: string;
}

/** Single sign-on first, where there is one; the password below it, or behind a click where few have one. */
function Anyway({ ways: { sso, passwords }, enter, next }: WayProps) {
  const [asked, ask] = useDisclosure(false);
  if (!sso) return <ByPassword enter={enter} />;
  return (
    <>
      <SsoButton label={sso.label} {...(next ? { next } : {})} />
      {passwords || asked ? (
        <>
          <Divider label={t('or with a password')} labelPosition="center" />
          <ByPassword enter={enter} quiet />
        </>
      ) : (
        <Anchor component="button" type="button" onClick={ask.open}>
          {t('Use a password')}
        </Anchor>
      )}
    </>
  );
}

/** The token is spent by a click, never by opening the page: previews and scanners of links open pages too. */
function ByLink({ token, ways: { sso, passwords }, enter, next }: WayProps & { token: string }) {
  const navigate = useNavigate();
  const signIn = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/auth/link', { body: { token } })),
    onSuccess: enter,
  });
  return (
    <>
      <p className={classes.lead} style={{ margin: 0 }}>
        {sso
          ? t('You are invited. The link works once; single sign-on knows you from then on.')
          : t('This link signs you in once. You can set a password afterwards.')}
      </p>
      {sso ? <SsoButton label={sso.label} token={token} {...(next ? { next } : {})} /> : null}
      <Problem error={signIn.error} />
      {sso && !passwords ? (
        <Anchor component="button" type="button" onClick={() => signIn.mutate()}>
          {t('Go on without single sign-on')}
        </Anchor>
      ) : (
        <Button
          size="lg"
          {...(sso ? { variant: 'default' } : { autoFocus: true })}
          loading={signIn.isPending}
          onClick={() => signIn.mutate()}
          data-testid="sign-in-link-button"
        >
          {sso ? t('Go on with a password') : t('Sign in')}
        </Button>
      )}
      {signIn.error ? (
        <Button variant="subtle" size="md" onClick={() => void navigate({ to: '/sign-in', search: {} })}>
          {t('Use e-mail and password')}
        </Button>
      ) : null}
    </>
  );
}
