import { FileInput, Modal, NumberInput, Select, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { sendFile } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import type { Architecture } from '../../api/types.js';
import { choices, phrase, t } from '../../i18n/index.js';
import { FormEnd } from '../../ui/form-end.js';
import { bytes } from '../../ui/format.js';
import { notifyDone } from '../../ui/notify.js';
import { Note } from '../../ui/signal.js';
import { NameAndLicence } from './name-and-licence.js';

interface Props {
  opened: boolean;
  onClose: () => void;
}

const normalisations = [
  { value: 'imagenet', label: phrase('ImageNet mean and deviation') },
  { value: 'symmetric', label: phrase('From -1 to 1') },
  { value: 'unit', label: phrase('From 0 to 1') },
];

export const UploadDialog = (props: Props) => (
  <Modal opened={props.opened} onClose={props.onClose} title={t('Upload an architecture')} size="lg">
    {props.opened ? <UploadForm {...props} /> : null}
  </Modal>
);

function UploadForm({ onClose }: Props) {
  const queryClient = useQueryClient();
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState('');
  const [licence, setLicence] = useState('');
  const [normalisation, setNormalisation] = useState('imagenet');
  const [inputSize, setInputSize] = useState<number | string>('');
  const shownName = name || (file?.name.replace(/\.onnx$/i, '') ?? '');
  const upload = useMutation({
    mutationFn: (chosen: File) =>
      sendFile<Architecture>(
        '/api/v1/architectures',
        {
          ...{ name: shownName.trim(), licence: licence.trim(), normalisation },
          ...(inputSize === '' ? {} : { inputSize: String(inputSize) }),
        },
        chosen,
      ),
    onSuccess: async (made) => {
      await queryClient.invalidateQueries({ queryKey: keys.architectures });
      notifyDone(t('{{name}} is checked: training can start from it.', { name: made.name }));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (file) upload.mutate(file);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <FileInput
          label={t('ONNX classifier')}
          description={t('One file with its weights; its last layer is replaced')}
          placeholder={t('Choose a file')}
          accept=".onnx"
          value={file}
          onChange={setFile}
          size="md"
          required
          data-testid="architecture-file"
        />
        <NameAndLicence
          name={shownName}
          onName={setName}
          licence={licence}
          onLicence={setLicence}
          licenceTestId="architecture-licence"
        />
        <Select
          label={t('Pixels it was trained on')}
          data={choices(normalisations)}
          value={normalisation}
          onChange={(value) => setNormalisation(value ?? 'imagenet')}
          allowDeselect={false}
        />
        <NumberInput
          label={t('Input size in pixels')}
          description={t('Needed where the file leaves it open; 224 unless given')}
          min={32}
          max={1024}
          allowDecimal={false}
          value={inputSize}
          onChange={setInputSize}
        />
        {upload.isPending && file ? (
          <Note tone="busy">
            {t('{{size}} are sent and checked. Large networks take a minute.', { size: bytes(file.size) })}
          </Note>
        ) : null}
        <FormEnd
          work={upload}
          leave={onClose}
          disabled={!file || shownName.trim() === '' || licence.trim() === ''}
          testId="architecture-submit"
        >
          {t('Upload and check')}
        </FormEnd>
      </Stack>
    </form>
  );
}
