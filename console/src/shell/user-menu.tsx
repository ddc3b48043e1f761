import { Menu, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconKey,
  IconLanguage,
  IconLink,
  IconLogout,
  IconMoon,
  IconShieldLock,
  IconSun,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { waysQuery } from '../api/queries.js';
import { useMe } from '../api/session.js';
import { roleNames } from '../features/people/roles.js';
import { SecondFactorDialog } from '../features/second-factor/second-factor-dialog.js';
import { useSso } from '../features/sign-in/use-sso.js';
import { t } from '../i18n/index.js';
import { chooseLanguage, languages, useLanguage } from '../i18n/language.js';
import { zone } from '../ui/zone.js';
import { PasswordDialog } from './password-dialog.js';
import classes from './shell.module.css';
import { useSignOut } from './use-sign-out.js';

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((part) => part.charAt(0).toUpperCase())
    .join('') || '?';

export function UserMenu() {
  const me = useMe();
  const signOut = useSignOut();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const sso = useQuery(waysQuery).data?.sso;
  const linking = useSso();
  // The identity provider asks for password and second factor.
  const ssoAlone = me.sso && !me.hasPassword;
  const [passwordOpen, password] = useDisclosure(false);
  const [factorOpen, factor] = useDisclosure(false);
  const other = scheme === 'dark' ? 'light' : 'dark';

  return (
    <>
      <Menu position="right-end" width={250} shadow="md">
        <Menu.Target>
          <button
            type="button"
            className={classes.avatar}
            aria-label={t('{{name}}, account', { name: me.name })}
            data-testid="user-menu"
          >
            {initials(me.name || me.email)}
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {me.name}
            <br />
            {me.email} · {t(roleNames[me.role])}
            <br />
            {t('Times in {{zone}}', { zone: zone() })}
          </Menu.Label>
          <Menu.Item
            leftSection={other === 'dark' ? <IconMoon size={18} /> : <IconSun size={18} />}
            onClick={() => setColorScheme(other)}
            data-testid="toggle-theme"
          >
            {other === 'dark' ? t('Dark colours') : t('Light colours')}
          </Menu.Item>
          <Languages />
          {ssoAlone ? null : (
            <Menu.Item leftSection={<IconKey size={18} />} onClick={password.open}>
              {me.hasPassword ? t('Change password') : t('Set a password')}
            </Menu.Item>
          )}
          {ssoAlone ? null : (
            <Menu.Item
              leftSection={<IconShieldLock size={18} />}
              onClick={factor.open}
              data-testid="second-factor"
            >
              {t('Second factor')}
            </Menu.Item>
          )}
          {sso && !me.sso ? (
            <Menu.Item
              leftSection={<IconLink size={18} />}
              onClick={() => linking.mutate({ link: true, next: window.location.pathname })}
              data-testid="link-sso"
            >
              {t('Link single sign-on')}
            </Menu.Item>
          ) : null}
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconLogout size={18} />}
            onClick={() => void signOut()}
            data-testid="sign-out"
          >
            {t('Sign out')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <PasswordDialog opened={passwordOpen} onClose={password.close} />
      {factorOpen ? <SecondFactorDialog opened onClose={factor.close} /> : null}
    </>
  );
}

/** Every language in its own words, but for the one that is spoken. */
function Languages() {
  const current = useLanguage();
  return Object.entries(languages)
    .filter(([code]) => code !== current)
    .map(([code, { name }]) => (
      <Menu.Item
        key={code}
        lang={code}
        leftSection={<IconLanguage size={18} />}
        onClick={() => void chooseLanguage(code)}
        data-testid={`language-${code}`}
      >
        {name}
      </Menu.Item>
    ));
}
