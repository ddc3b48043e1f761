import { Button, Group, Stack } from '@mantine/core';
import { IconDownload, IconPrinter } from '@tabler/icons-react';
import { useCallback, useState } from 'react';
import type { ClaimTokenList } from '../../../api/types.js';
import { t } from '../../../i18n/index.js';
import { integer, moment } from '../../../ui/format.js';
import { Note } from '../../../ui/signal.js';
import { PrintSheet } from './print-sheet.js';
import { tokensCsv } from './read-list.js';

function download(list: ClaimTokenList): void {
  const url = URL.createObjectURL(new Blob([tokensCsv(list)], { type: 'text/csv' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'lineside-claim-tokens.csv';
  link.click();
  URL.revokeObjectURL(url);
}

/** The tokens, once: as a file for whoever sets up the devices, or as labels to stick on them. */
export function MadeList({ list, onDone }: { list: ClaimTokenList; onDone: () => void }) {
  const [taken, setTaken] = useState(false);
  const [printing, setPrinting] = useState(false);
  const printed = useCallback(() => setPrinting(false), []);
  return (
    <Stack>
      <Note tone="warn">
        {t(
          '{{items}} tokens, valid until {{expiresAt}}. They can be had only now: whoever has one can enrol a device.',
          { items: integer(list.items.length), expiresAt: moment(list.expiresAt) },
        )}
      </Note>
      <Group>
        <Button
          size="md"
          leftSection={<IconDownload size={18} />}
          onClick={() => {
            download(list);
            setTaken(true);
          }}
          data-testid="tokens-download"
        >
          {t('Download as CSV')}
        </Button>
        <Button
          variant="default"
          size="md"
          leftSection={<IconPrinter size={18} />}
          onClick={() => {
            setPrinting(true);
            setTaken(true);
          }}
          data-testid="tokens-print"
        >
          {t('Print QR codes')}
        </Button>
      </Group>
      {printing ? <PrintSheet list={list} onPrinted={printed} /> : null}
      <Group justify="flex-end">
        <Button variant={taken ? 'filled' : 'default'} size="md" onClick={onDone} data-testid="tokens-done">
          {taken ? t('Done') : t('Close without them')}
        </Button>
      </Group>
    </Stack>
  );
}
