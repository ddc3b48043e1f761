import { toApiError } from '../api/errors.js';
import { problemWords } from './problem-words.js';
import { Note } from './signal.js';

/** Why the last attempt was refused; nothing while there is no error. */
export function Problem({ error }: { error: unknown }) {
  if (!error) return null;
  const failure = toApiError(error);
  return (
    <Note tone="bad" code={failure.code}>
      {problemWords(failure)}
    </Note>
  );
}
