import { Modal, Select, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { choices, phrase, t } from '../../i18n/index.js';
import { FormEnd } from '../../ui/form-end.js';
import { notifyDone } from '../../ui/notify.js';
import { Note } from '../../ui/signal.js';
import { NameAndLicence } from './name-and-licence.js';

interface Props {
  opened: boolean;
  onClose: () => void;
}

const named = /^(torchvision|timm)\/[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const weightKinds = [
  { value: 'pretrained', label: phrase('Pretrained') },
  { value: 'random', label: phrase('Random, to measure speed') },
] as const;
type Weights = (typeof weightKinds)[number]['value'];

export const ByNameDialog = (props: Props) => (
  <Modal opened={props.opened} onClose={props.onClose} title={t('Add an architecture by name')} size="lg">
    {props.opened ? <ByNameForm {...props} /> : null}
  </Modal>
);

function ByNameForm({ onClose }: Props) {
  const queryClient = useQueryClient();
  const [architecture, setArchitecture] = useState('');
  const [name, setName] = useState('');
  const [licence, setLicence] = useState('');
  const [weights, setWeights] = useState<Weights>('pretrained');
  const wanted = architecture.trim();
  const fits = named.test(wanted);
  const shownName = name || (fits ? (wanted.split('/')[1] ?? '') : '');
  const add = useMutation({
    mutationFn: () =>
      unwrap(
        client.POST('/api/v1/architectures/by-name', {
          body: { architecture: wanted, name: shownName.trim(), licence: licence.trim(), weights },
        }),
      ),
    onSuccess: async (made) => {
      await queryClient.invalidateQueries({ queryKey: keys.architectures });
      notifyDone(t('{{name}} is checked: training can start from it.', { name: made.name }));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t('Classifier of torchvision or timm')}
          description={t('The PyTorch trainer builds it; its last layer is replaced')}
          placeholder={t('torchvision/resnet18')}
          value={architecture}
          onChange={(event) => setArchitecture(event.currentTarget.value)}
          error={wanted !== '' && !fits ? t('torchvision/NAME or timm/NAME') : null}
          maxLength={120}
          size="md"
          required
          data-autofocus
          data-testid="architecture-by-name"
        />
        <NameAndLicence
          name={shownName}
          onName={setName}
          licence={licence}
          onLicence={setLicence}
          licenceTestId="architecture-by-name-licence"
        />
        <Select
          label={t('Weights')}
          description={t(
            "Pretrained ones come from the server's folder of weights, or the library downloads them",
          )}
          data={choices(weightKinds)}
          value={weights}
          onChange={(value) => setWeights((value ?? 'pretrained') as Weights)}
          allowDeselect={false}
        />
        {add.isPending ? (
          <Note tone="busy">
            {t('The trainer builds it, then it is checked. That takes a minute or more.')}
          </Note>
        ) : null}
        <FormEnd
          work={add}
          leave={onClose}
          disabled={!fits || shownName.trim() === '' || licence.trim() === ''}
          testId="architecture-by-name-submit"
        >
          {t('Build and check')}
        </FormEnd>
      </Stack>
    </form>
  );
}
