import { Anchor, Stack } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { keys } from '../../api/queries.js';
import { useMe } from '../../api/session.js';
import type { Me } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { PasswordForm } from '../../shell/password-form.js';
import { useSignOut } from '../../shell/use-sign-out.js';
import { usePageTitle } from '../../ui/page.js';
import { SetUp } from '../second-factor/set-up.js';
import classes from './sign-in.module.css';
import { SignInCard } from './sign-in-card.js';
import { useEnter } from './use-enter.js';

const route = getRouteApi('/second-factor');

/** Nothing else is open to a person whose role needs a second factor before it is on. */
export function EnrolPage() {
  const me = useMe();
  const { next } = route.useSearch();
  const queryClient = useQueryClient();
  const enter = useEnter(next);
  const signOut = useSignOut();
  usePageTitle(t('Second factor'));
  return (
    <SignInCard wide>
      <Stack>
        <p className={classes.lead} style={{ margin: 0 }} data-testid="second-factor-due">
          {t('Your role needs a second factor. Turn it on to go on.')}
        </p>
        {me.hasPassword ? (
          <SetUp onDone={() => void enter(queryClient.getQueryData<Me>(keys.me) ?? me)} />
        ) : (
          <PasswordForm />
        )}
        <Anchor component="button" type="button" ta="left" onClick={() => void signOut()}>
          {t('Sign out')}
        </Anchor>
      </Stack>
    </SignInCard>
  );
}
