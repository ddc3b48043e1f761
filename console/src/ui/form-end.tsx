import { Button, Group } from '@mantine/core';
import type { ReactNode } from 'react';
import { t } from '../i18n/index.js';
import { Problem } from './problem.js';

interface FormEndProps {
  /** What the form starts. */
  work: { error: unknown; isPending: boolean };
  leave: () => void;
  /** Of the button that leaves the form; Cancel unless told. */
  leaveLabel?: string;
  disabled?: boolean;
  danger?: boolean;
  testId?: string;
  /** Of the button that submits it. */
  children: ReactNode;
}

/** How the form of a dialog ends: why it was refused, and the two ways out of it. */
export function FormEnd(props: FormEndProps) {
  const { work, leave, leaveLabel, disabled = false, danger = false, testId, children } = props;
  return (
    <>
      <Problem error={work.error} />
      <Group justify="flex-end">
        <Button variant="default" size="md" onClick={leave}>
          {leaveLabel ?? t('Cancel')}
        </Button>
        <Button
          size="md"
          type="submit"
          {...(danger ? { color: 'red' } : {})}
          loading={work.isPending}
          disabled={disabled}
          {...(testId ? { 'data-testid': testId } : {})}
        >
          {children}
        </Button>
      </Group>
    </>
  );
}
