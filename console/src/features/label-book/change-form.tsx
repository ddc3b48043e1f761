import { Button, Group, Stack } from '@mantine/core';
import type { FormEvent, ReactNode } from 'react';
import { Problem } from '../../ui/problem.js';
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
        <Problem error={change.error} />
        <Group justify="flex-end">
          <Button variant="default" size="md" onClick={close}>
            Cancel
          </Button>
          <Button
            size="md"
            type="submit"
            loading={change.isPending}
            disabled={!ready}
            data-testid="change-class"
          >
            {verb}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
