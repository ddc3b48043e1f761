import type { ReactElement } from 'react';
import { Trans as Parsed } from 'react-i18next';

interface TransProps {
  i18nKey: string;
  count?: number;
  values?: Record<string, unknown>;
  /** What each tag of the text is drawn as. */
  components: Record<string, ReactElement>;
}

/** A text with links or bold words in it. A value is never read as a tag, whatever is in it. */
export const Trans = (props: TransProps) => (
  <Parsed {...props} shouldUnescape tOptions={{ interpolation: { escapeValue: true } }} />
);
