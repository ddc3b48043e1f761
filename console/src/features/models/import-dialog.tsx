import { FileInput, Modal, Stack, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { sendFile } from '../../api/client.js';
import { keys, packageKeyQuery } from '../../api/queries.js';
import type { ModelVersion } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Copyable } from '../../ui/copyable.js';
import { FormEnd } from '../../ui/form-end.js';
import { bytes } from '../../ui/format.js';
import { notifyDone } from '../../ui/notify.js';
import { Note } from '../../ui/signal.js';

interface Props {
  opened: boolean;
  onClose: () => void;
}

export const ImportDialog = (props: Props) => (
  <Modal opened={props.opened} onClose={props.onClose} title={t('Bring in a model')} size="lg">
    {props.opened ? <ImportForm {...props} /> : null}
  </Modal>
);

/** A package of another fleet, and the key that it must be signed with, learnt from that fleet and not from the file. */
function ImportForm({ onClose }: Props) {
  const queryClient = useQueryClient();
  const own = useQuery(packageKeyQuery).data?.fingerprint;
  const [file, setFile] = useState<File | null>(null);
  const [signer, setSigner] = useState('');
  const key = signer.trim().toLowerCase();
  const bring = useMutation({
    mutationFn: (chosen: File) =>
      sendFile<ModelVersion>('/api/v1/models/packages', key === '' ? {} : { signer: key }, chosen),
    onSuccess: async (made) => {
      await queryClient.invalidateQueries({ queryKey: keys.models });
      notifyDone(t('The model is here as {{id}}. Nothing runs it yet.', { id: made.id }));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (file) bring.mutate(file);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <FileInput
          label={t('Model package')}
          description={t('As another fleet exported it')}
          placeholder={t('Choose a file')}
          accept=".tar"
          value={file}
          onChange={setFile}
          size="md"
          required
          data-testid="package-file"
        />
        <TextInput
          label={t('Key of the fleet it comes from')}
          description={t(
            '64 letters and digits that this dialog shows over there; not needed for a package of this fleet',
          )}
          value={signer}
          onChange={(event) => setSigner(event.currentTarget.value)}
          error={
            key === '' || /^[0-9a-f]{64}$/.test(key) ? null : t('A key has 64 digits from 0 to 9 and a to f')
          }
          data-testid="package-signer"
        />
        {own ? <Copyable label={t('Key of this fleet, for others to compare')} text={own} /> : null}
        {bring.isPending && file ? (
          <Note tone="busy">
            {t('{{size}} are sent and checked, and the model is tried.', { size: bytes(file.size) })}
          </Note>
        ) : null}
        <FormEnd
          work={bring}
          leave={onClose}
          disabled={!file || (key !== '' && !/^[0-9a-f]{64}$/.test(key))}
          testId="package-submit"
        >
          {t('Check and bring in')}
        </FormEnd>
      </Stack>
    </form>
  );
}
