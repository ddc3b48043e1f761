import { Button, Select, Switch } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { datasetsQuery, keys } from '../../api/queries.js';
import { phrases, t } from '../../i18n/index.js';
import { Panel } from '../../ui/page.js';
import { Problem } from '../../ui/problem.js';
import classes from './exchange.module.css';
import { type FormatName, formatNames, formatWords, isFolderFormat } from './words.js';

const present = phrases({
  labelled: 'Labelled frames',
  unlabelled: 'Unlabelled frames',
  all: 'All frames',
});
type Present = keyof typeof present;
const isPresent = (what: string): what is Present => what in present;

/** What goes out, and how. */
export function ExportForm() {
  const queryClient = useQueryClient();
  const datasets = useQuery(datasetsQuery).data ?? [];
  const [what, setWhat] = useState('labelled');
  const [format, setFormat] = useState<FormatName>('coco');
  const [pictures, setPictures] = useState(true);
  const folder = isFolderFormat(format);
  const start = useMutation({
    mutationFn: () =>
      unwrap(
        client.POST('/api/v1/exports', {
          body: {
            format,
            pictures: pictures || folder,
            ...(isPresent(what) ? { frames: what } : { datasetVersionId: what }),
          },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.transfers }),
  });
  const impossible = folder && isPresent(what) && what !== 'labelled';
  return (
    <Panel title={t('Export')}>
      <div className={classes.form}>
        <Select
          label={t('Frames')}
          size="md"
          allowDeselect={false}
          value={what}
          onChange={(value) => setWhat(value ?? 'labelled')}
          data={[
            ...Object.entries(present).map(([value, label]) => ({ value, label: t(label) })),
            ...datasets.map(({ id, number, frames }) => ({
              value: id,
              label: t('Dataset version {{number}}, {{count, number}} frames', { count: frames, number }),
            })),
          ]}
          data-testid="export-frames"
        />
        <Select
          label={t('Format')}
          size="md"
          allowDeselect={false}
          value={format}
          onChange={(value) => setFormat((value ?? 'coco') as FormatName)}
          data={formatNames.map((value) => ({ value, label: t(formatWords[value]) }))}
          error={impossible ? t('This format holds labelled frames only') : null}
          data-testid="export-format"
        />
        <Switch
          size="md"
          className={classes.switch!}
          label={t('With the pictures')}
          checked={pictures || folder}
          disabled={folder}
          onChange={(event) => setPictures(event.currentTarget.checked)}
        />
        <Button
          size="md"
          leftSection={<IconDownload size={18} />}
          disabled={impossible}
          loading={start.isPending}
          onClick={() => start.mutate()}
          data-testid="export-start"
        >
          {t('Make the archive')}
        </Button>
        <div className={classes.whole}>
          <Problem error={start.error} />
          <p className={classes.hint}>
            {t(
              'One zip, kept for a week. A dataset version brings its splits; labels that come back land on the frames they came from.',
            )}
          </p>
        </div>
      </div>
    </Panel>
  );
}
