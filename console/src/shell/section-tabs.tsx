import { Link, useRouterState } from '@tanstack/react-router';
import { t } from '../i18n/index.js';
import { tabOf, tabsOf } from './destinations.js';
import classes from './shell.module.css';

/** The pages of a destination that has several, above each of them. */
export function SectionTabs() {
  const path = useRouterState({ select: (router) => router.location.pathname });
  const tabs = tabsOf(path);
  if (!tabs) return null;
  const here = tabOf(path, tabs);
  return (
    <nav className={classes.tabs} aria-label={t('Pages')}>
      {tabs.map(({ to, label }) => (
        <Link key={to} to={to} data-here={to === here ? '' : undefined}>
          {t(label)}
        </Link>
      ))}
    </nav>
  );
}
