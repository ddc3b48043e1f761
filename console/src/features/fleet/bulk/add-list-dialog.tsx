import { Button, FileButton, Group, Modal, Select, Stack, Textarea } from '@mantine/core';
import { IconFileUpload } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useMemo, useState } from 'react';
import { client, unwrap } from '../../../api/client.js';
import { choices, t } from '../../../i18n/index.js';
import { FormEnd } from '../../../ui/form-end.js';
import { integer } from '../../../ui/format.js';
import { lifetimes } from '../claim-content.js';
import { ListPreview } from './list-preview.js';
import { MadeList } from './made-list.js';
import { mostDevices, readList } from './read-list.js';

/** Claim tokens for a whole list of devices: paste or choose it, see what is wrong, take the tokens away. */
export function AddListDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [text, setText] = useState('');
  const [minutes, setMinutes] = useState('1440');
  const rows = useMemo(() => readList(text), [text]);
  const wrong = rows.filter(({ problem }) => problem !== null).length;
  const create = useMutation({
    mutationFn: () =>
      unwrap(
        client.POST('/api/v1/devices/claim-token-list', {
          body: {
            devices: rows.map(({ name, site, tags }) => ({ name, site, tags })),
            validMinutes: Number(minutes),
          },
        }),
      ),
  });
  const close = () => {
    onClose();
    setText('');
    create.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const made = create.data;
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={t('Add a list of devices')}
      size="xl"
      closeOnClickOutside={!text && !made}
      closeOnEscape={!made}
      withCloseButton={!made}
    >
      {made ? (
        <MadeList list={made} onDone={close} />
      ) : (
        <form onSubmit={submit}>
          <Stack>
            <Textarea
              label={t('Names, or a CSV with the columns name, site and tags')}
              description={t('One device a line; tags are parted by |')}
              placeholder={t('name,site,tags\nline-1-infeed,Hall 4,fast|new')}
              autosize
              minRows={4}
              maxRows={8}
              data-autofocus
              spellCheck={false}
              styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
              value={text}
              onChange={(event) => setText(event.currentTarget.value)}
              data-testid="list-text"
            />
            <Group align="end">
              <FileButton
                accept=".csv,.tsv,.txt,text/csv,text/plain"
                onChange={(file) => void file?.text().then(setText)}
              >
                {(props) => (
                  <Button variant="default" size="md" leftSection={<IconFileUpload size={18} />} {...props}>
                    {t('Choose a file')}
                  </Button>
                )}
              </FileButton>
              <Select
                label={t('The tokens are valid for')}
                data={choices(lifetimes)}
                value={minutes}
                onChange={(value) => setMinutes(value ?? '1440')}
                allowDeselect={false}
                ml="auto"
              />
            </Group>
            {rows.length > 0 ? <ListPreview rows={rows} /> : null}
            <FormEnd
              work={create}
              leave={close}
              disabled={rows.length === 0 || wrong > 0 || rows.length > mostDevices}
              testId="list-create"
            >
              {rows.length > 0
                ? t('Create {{rows}} tokens', { rows: integer(rows.length) })
                : t('Create tokens')}
            </FormEnd>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
