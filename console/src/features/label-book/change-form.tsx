import { Stack } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { FormEnd } from '../../ui/form-end.js';
import type { useClassChange } from './use-class-change.js';

interface ChangeFormProps {
  change: ReturnType<typeof useClassChange>;
  close: () => void;
  verb: string;
  ready: boolean;
  children: ReactNode;
}

/** What a change of a class asks for, and the two ways out. */
export function ChangeForm({ change, close, verb, ready, children }: ChangeFormProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !change.isPending) change.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {children}
        <FormEnd work={change} leave={close} disabled={!ready} testId="change-class">
          {verb}
        </FormEnd>
      </Stack>
    </form>
  );
}
