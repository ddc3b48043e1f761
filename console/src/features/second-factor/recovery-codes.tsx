import { Button, Group, Stack } from '@mantine/core';
import { t } from '../../i18n/index.js';
import { Copyable } from '../../ui/copyable.js';
import { Note } from '../../ui/signal.js';

/** The codes that stand in for a lost phone, shown this once. */
export function RecoveryCodes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  return (
    <Stack>
      <Note tone="warn">
        {t(
          'Keep these codes where you find them without your phone. Each signs you in once. They are shown only now.',
        )}
      </Note>
      <Copyable label={t('Recovery codes')} text={codes.join('\n')} testId="recovery-codes" />
      <Group justify="flex-end">
        <Button size="md" onClick={onDone} data-testid="recovery-codes-kept">
          {t('I have kept them')}
        </Button>
      </Group>
    </Stack>
  );
}
