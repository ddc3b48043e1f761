import { Button, Skeleton } from '@mantine/core';
import { type Icon, IconPlugConnectedX } from '@tabler/icons-react';
import { type ReactNode, useEffect } from 'react';
import { toApiError } from '../api/errors.js';
import { t } from '../i18n/index.js';
import classes from './page.module.css';
import { problemWords } from './problem-words.js';
import { Note } from './signal.js';

interface PageProps {
  title: string;
  sub?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, sub, actions, children }: PageProps) {
  usePageTitle(title);
  return (
    <div className={classes.page}>
      <header className={classes.header}>
        <h1>{title}</h1>
        {sub ? <span className={classes.sub}>{sub}</span> : null}
        {actions ? <div className={classes.actions}>{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Lineside`;
  }, [title]);
}

export function Panel({ title, children, flush }: { title?: string; children: ReactNode; flush?: boolean }) {
  return (
    <section className={`${classes.panel} ${flush ? '' : classes.padded}`}>
      {title ? <h2 className={classes.panelTitle}>{title}</h2> : null}
      {children}
    </section>
  );
}

export const Figures = ({ children }: { children: ReactNode }) => (
  <dl className={`${classes.panel} ${classes.figures}`} style={{ margin: 0 }}>
    {children}
  </dl>
);

export function Figure(props: { label: string; value: ReactNode; note?: ReactNode; testId?: string }) {
  return (
    <div className={classes.figure}>
      <dt>{props.label}</dt>
      <dd {...(props.testId ? { 'data-testid': props.testId } : {})}>
        {props.value}
        {props.note ? <small>{props.note}</small> : null}
      </dd>
    </div>
  );
}

interface BlankProps {
  icon: Icon;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}

/** What a page shows when it has nothing: what would be here, and the one thing to do about it. */
export function Blank({ icon: BlankIcon, title, children, action }: BlankProps) {
  return (
    <div className={classes.blank}>
      <span className={classes.blankIcon}>
        <BlankIcon size={32} stroke={1.6} aria-hidden />
      </span>
      <h2>{title}</h2>
      <p>{children}</p>
      {action}
    </div>
  );
}

export function Failed({ error, retry }: { error: unknown; retry?: () => void }) {
  const failure = toApiError(error);
  return (
    <div className={classes.blank}>
      <span className={classes.blankIcon}>
        <IconPlugConnectedX size={32} stroke={1.6} aria-hidden />
      </span>
      <h2>
        {failure.code === 'network' ? t('No connection to the fleet server') : t('This could not be loaded')}
      </h2>
      <Note tone="bad" code={failure.code}>
        {problemWords(failure)}
      </Note>
      {retry ? (
        <Button variant="default" size="md" onClick={retry}>
          {t('Try again')}
        </Button>
      ) : null}
    </div>
  );
}

export const Loading = ({ rows = 4, height = 64 }: { rows?: number; height?: number }) => (
  <div role="status" aria-label={t('Loading')} style={{ display: 'grid', gap: 12 }}>
    {Array.from({ length: rows }, (_, row) => `row-${row}`).map((row) => (
      <Skeleton key={row} height={height} radius="md" />
    ))}
  </div>
);

interface QueryView<T> {
  data: T | undefined;
  error: unknown;
  refetch: () => unknown;
}

/** The three states of everything that is loaded: there, on its way, or failed. */
export function Loaded<T>(props: {
  query: QueryView<T>;
  skeleton?: ReactNode;
  children: (data: T) => ReactNode;
}) {
  const { query, skeleton, children } = props;
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Failed error={query.error} retry={() => void query.refetch()} />;
  return skeleton ?? <Loading />;
}
