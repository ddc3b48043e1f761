import { IconAlertTriangle, IconCircleX, IconInfoCircle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './signal.module.css';

export type Tone = 'ok' | 'warn' | 'bad' | 'idle' | 'busy';

/** A status dot; `label` is what it says to those who do not see colour, none where words stand beside it. */
export const Lamp = ({ tone, label }: { tone: Tone; label?: string }) => (
  <span
    className={`${classes.lamp} ${classes[tone]}`}
    {...(label ? { role: 'img', 'aria-label': label, title: label } : { 'aria-hidden': true })}
  />
);

export function Tag({ tone, children, testId }: { tone: Tone; children: ReactNode; testId?: string }) {
  return (
    <span className={`${classes.tag} ${classes[tone]}`} {...(testId ? { 'data-testid': testId } : {})}>
      {children}
    </span>
  );
}

const icons = {
  ok: IconInfoCircle,
  warn: IconAlertTriangle,
  bad: IconCircleX,
  idle: IconInfoCircle,
  busy: IconInfoCircle,
};

/** One fact a person should act on, in plain words, with the code it can be searched by. */
export function Note({ tone, code, children }: { tone: Tone; code?: string | null; children: ReactNode }) {
  const Icon = icons[tone];
  return (
    <div className={`${classes.note} ${classes[tone]}`} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon size={20} aria-hidden />
      <div>
        {children} {code ? <span className={classes.code}>{code}</span> : null}
      </div>
    </div>
  );
}
