import { TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';

const searchDelayMs = 250;

interface Props {
  label: string;
  placeholder: string;
  text: string | undefined;
  /** Told when the person rests; `undefined`: nothing is searched for. */
  change: (text: string | undefined) => void;
  className?: string | undefined;
  testId?: string;
}

/** Words to search for, told when typing rests. */
export function SearchField({ label, placeholder, text, change, className, testId }: Props) {
  const [typed, setTyped] = useState(text ?? '');
  useEffect(() => setTyped(text ?? ''), [text]);
  const tell = useDebouncedCallback((words: string) => change(words.trim() || undefined), searchDelayMs);
  return (
    <TextInput
      {...(className ? { className } : {})}
      aria-label={label}
      placeholder={placeholder}
      leftSection={<IconSearch size={18} />}
      value={typed}
      onChange={({ currentTarget: { value } }) => {
        setTyped(value);
        tell(value);
      }}
      data-testid={testId}
    />
  );
}
