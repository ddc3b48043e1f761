import { phrase, phrases, t } from '../../i18n/index.js';
import { Note } from '../../ui/signal.js';

/** What happened on the way back from the identity provider, and what to do about it. */
const advice: Record<string, string> = phrases({
  sso_expired: 'That took too long, or it began in another browser. Try again.',
  sso_refused:
    'You are not let in here: the identity provider said no, no group of yours has a role, or your account is disabled. Ask an admin.',
  sso_not_invited: 'Nobody has invited you yet. Ask an admin for a one-time link, and open it first.',
  sso_email_taken:
    'Someone with your e-mail is here already. If that is you, sign in as before and link single sign-on in the account menu, or ask an admin.',
  sso_already_linked: 'This identity belongs to another account, or this account has one already.',
  sso_unreachable: 'The identity provider does not answer. Try again in a minute.',
  sso_failed:
    'The answer of the identity provider cannot be trusted. Try again; if it stays so, tell an admin.',
  link_invalid: 'The one-time link was used or has expired. Ask an admin for another.',
  rate_limited: 'Too many attempts. Wait a minute.',
});

export const SsoProblem = ({ code }: { code: string }) => (
  <Note tone="bad" code={code}>
    {t(advice[code] ?? phrase('Single sign-on failed.'))}
  </Note>
);
