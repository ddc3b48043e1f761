import type { ReactNode } from 'react';
import { Mark } from '../../shell/brand.js';
import classes from './sign-in.module.css';

/** What a person sees before they are in. */
export const SignInCard = ({ wide, children }: { wide?: boolean; children: ReactNode }) => (
  <main className={classes.screen}>
    <div className={classes.card} {...(wide ? { 'data-wide': true } : {})}>
      <div className={classes.brand}>
        <Mark size={40} />
        Lineside
      </div>
      {children}
    </div>
  </main>
);
