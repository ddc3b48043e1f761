import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { live, useLiveState } from '../api/live.js';
import { keys, signedOut, statsQuery } from '../api/queries.js';
import { allows, useMe } from '../api/session.js';
import { t } from '../i18n/index.js';
import { Mark } from './brand.js';
import { destinations, isWithin } from './destinations.js';
import { PasswordDialog } from './password-dialog.js';
import { SectionTabs } from './section-tabs.js';
import classes from './shell.module.css';
import { UserMenu } from './user-menu.js';

/** Everything around a page: navigation, the state of the live connection, and what the person still has to do. */
export function Shell() {
  const queryClient = useQueryClient();
  const navigate = useNavigate();

  useEffect(() => live.connect(queryClient), [queryClient]);
  useEffect(() => {
    const leave = () => {
      queryClient.removeQueries({ queryKey: keys.me });
      const { pathname, search } = window.location;
      void navigate({ to: '/sign-in', search: pathname === '/' ? {} : { next: pathname + search } });
    };
    signedOut.addEventListener('signed-out', leave);
    return () => signedOut.removeEventListener('signed-out', leave);
  }, [queryClient, navigate]);

  return (
    <div className={classes.shell}>
      <Rail />
      <main className={classes.main}>
        <Strips />
        <SectionTabs />
        <div className={classes.content} id="content">
          <Outlet />
        </div>
      </main>
    </div>
  );
}

function Rail() {
  const me = useMe();
  const stats = useQuery(statsQuery);
  const queued = stats.data?.queued ?? 0;
  const path = useRouterState({ select: (router) => router.location.pathname });
  const groups = destinations
    .map((group) => group.filter(({ least }) => allows(me.role, least)))
    .filter((group) => group.length > 0);
  return (
    <nav className={classes.rail} aria-label={t('Main')}>
      <Link to="/" className={classes.brand} aria-label="Lineside">
        <Mark size={38} />
      </Link>
      <div className={classes.destinations}>
        {groups.map((group) => (
          <div key={group[0]?.to} className={classes.group}>
            {group.map((section) => {
              const { to, label, icon: Icon } = section;
              return (
                <Link
                  key={to}
                  to={to}
                  activeOptions={{ exact: to === '/', includeSearch: false }}
                  className={classes.destination}
                  {...(isWithin(path, section) ? { 'data-status': 'active' } : {})}
                >
                  <Icon size={24} stroke={1.7} aria-hidden />
                  {t(label)}
                  {to === '/review' && queued > 0 ? (
                    <span className={classes.count}>
                      {queued > 999 ? `${Math.floor(queued / 1000)}k` : queued}
                    </span>
                  ) : null}
                </Link>
              );
            })}
          </div>
        ))}
      </div>
      <div className={classes.foot}>
        <UserMenu />
      </div>
    </nav>
  );
}

function Strips() {
  const me = useMe();
  const state = useLiveState();
  const lost = useLasting(state === 'lost', 3_000);
  const [skipped, setSkipped] = useState(() => sessionStorage.getItem('lineside.password-later') === me.id);
  const [open, dialog] = useDisclosure(false);
  const onReview = useRouterState({ select: (router) => router.location.pathname === '/review' });
  return (
    <>
      {lost ? (
        <div className={classes.strip} role="status">
          {t('Live updates are interrupted. Reconnecting; what you see may be out of date.')}
        </div>
      ) : null}
      {!me.hasPassword && !me.sso && !skipped && !onReview ? (
        <div className={classes.strip} data-kind="info" data-testid="password-banner">
          <span>{t('You signed in with a one-time link. Set a password so that you can come back.')}</span>
          <span style={{ display: 'flex', gap: 8 }}>
            <Button size="compact-md" onClick={dialog.open}>
              {t('Set a password')}
            </Button>
            <Button
              size="compact-md"
              variant="subtle"
              onClick={() => {
                sessionStorage.setItem('lineside.password-later', me.id);
                setSkipped(true);
              }}
            >
              {t('Later')}
            </Button>
          </span>
        </div>
      ) : null}
      <PasswordDialog opened={open} onClose={dialog.close} />
    </>
  );
}

/** True once `condition` has held for `delayMs`: a blink is no news. */
function useLasting(condition: boolean, delayMs: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!condition) {
      setLasting(false);
      return;
    }
    const timer = window.setTimeout(() => setLasting(true), delayMs);
    return () => window.clearTimeout(timer);
  }, [condition, delayMs]);
  return lasting;
}
