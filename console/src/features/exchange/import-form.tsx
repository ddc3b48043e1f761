import { Button, FileInput, Select } from '@mantine/core';
import { IconUpload } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { bytes } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import { Problem } from '../../ui/problem.js';
import classes from './exchange.module.css';
import { uploads } from './uploads.js';
import { type FormatName, formatNames, formatWords } from './words.js';

/** An archive on this computer; what becomes of it is asked when the server has read it. */
export function ImportForm() {
  const queryClient = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [format, setFormat] = useState('auto');
  const start = useMutation({
    mutationFn: (chosen: File) =>
      unwrap(
        client.POST('/api/v1/imports', {
          body: {
            fileName: chosen.name.slice(-200),
            bytes: chosen.size,
            ...(format === 'auto' ? {} : { format: format as FormatName }),
          },
        }),
      ),
    onSuccess: async (transfer, chosen) => {
      setFile(null);
      void uploads.send(transfer.id, chosen, queryClient);
      await queryClient.invalidateQueries({ queryKey: keys.transfers });
    },
  });
  return (
    <Panel title={t('Import')}>
      <div className={classes.form}>
        <FileInput
          label={t('Zip archive')}
          placeholder={t('Choose a file')}
          accept=".zip,application/zip"
          size="md"
          value={file}
          onChange={setFile}
          data-testid="import-file"
        />
        <Select
          label={t('Format')}
          size="md"
          allowDeselect={false}
          value={format}
          onChange={(value) => setFormat(value ?? 'auto')}
          data={[
            { value: 'auto', label: t('Find out') },
            ...formatNames.map((value) => ({ value, label: t(formatWords[value]) })),
          ]}
        />
        <Button
          size="md"
          leftSection={<IconUpload size={18} />}
          disabled={!file}
          loading={start.isPending}
          onClick={() => file && start.mutate(file)}
          data-testid="import-start-upload"
        >
          {file ? t('Upload {{size}}', { size: bytes(file.size) }) : t('Upload')}
        </Button>
        <div className={classes.whole}>
          <Problem error={start.error} />
          <p className={classes.hint}>
            {t(
              'Pictures with labels or boxes, or pictures alone. It is read first; then you say what its classes are here. A broken upload goes on where it broke.',
            )}
          </p>
        </div>
      </div>
    </Panel>
  );
}
