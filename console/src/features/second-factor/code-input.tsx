import { TextInput } from '@mantine/core';
import { t } from '../../i18n/index.js';

interface CodeInputProps {
  value: string;
  onChange: (value: string) => void;
  /** Takes one of the codes that stand in for the phone instead. */
  recovery?: boolean;
  autoFocus?: boolean;
}

export const CodeInput = ({ value, onChange, recovery = false, autoFocus = false }: CodeInputProps) => (
  <TextInput
    // Another field, so that a phone offers the keyboard for it.
    key={recovery ? 'recovery' : 'app'}
    label={recovery ? t('Recovery code') : t('Code of your authenticator app')}
    inputMode={recovery ? 'text' : 'numeric'}
    autoComplete={recovery ? 'off' : 'one-time-code'}
    maxLength={recovery ? 40 : 7}
    required
    withAsterisk={false}
    autoFocus={autoFocus}
    spellCheck={false}
    autoCapitalize={recovery ? 'characters' : 'off'}
    styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', letterSpacing: '0.1em' } }}
    value={value}
    onChange={(event) => onChange(event.currentTarget.value)}
    data-testid="second-factor-code"
  />
);
