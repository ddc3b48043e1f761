import { errorTitle } from '@lineside/shared/errors';
import type { ApiError } from '../api/errors.js';
import { phrases, t } from '../i18n/index.js';
import { speaksEnglish } from '../i18n/language.js';

/** What the console says of itself. */
const ownWords: Record<string, string> = phrases({
  network: 'The fleet server cannot be reached. Check the network.',
  console_failed: 'This page failed. Load it again.',
});

/** In English as the server said it; else what its code stands for, with what the server added to that. */
export function problemWords({ code, message }: ApiError): string {
  const known = errorTitle(code) ?? ownWords[code];
  if (!known || speaksEnglish()) return message;
  return message === known ? t(known) : `${t(known)} (${message})`;
}
