import { Modal, Stack, TagsInput, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import type { ModelVersion } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { FormEnd } from '../../ui/form-end.js';

interface Props {
  opened: boolean;
  onClose: () => void;
  model: ModelVersion;
}

/** Notes and tags of a version, for the people who choose among versions. */
export function DescribeDialog({ opened, onClose, model }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('Notes and tags of {{id}}', { id: model.id })}
      size="lg"
    >
      {opened ? <DescribeForm model={model} onClose={onClose} /> : null}
    </Modal>
  );
}

function DescribeForm({ model, onClose }: Omit<Props, 'opened'>) {
  const queryClient = useQueryClient();
  const [notes, setNotes] = useState(model.notes);
  const [tags, setTags] = useState(model.tags);
  const save = useMutation({
    mutationFn: () =>
      unwrap(
        client.PATCH('/api/v1/models/{id}', {
          params: { path: { id: model.id } },
          body: { notes, tags: tags.map((tag) => tag.trim()).filter((tag) => tag !== '') },
        }),
      ),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.models });
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TagsInput
          label={t('Tags')}
          description={t('Enter or comma ends a tag')}
          value={tags}
          onChange={setTags}
          maxTags={20}
          data-testid="model-tags"
        />
        <Textarea
          label={t('Notes')}
          autosize
          minRows={4}
          maxRows={14}
          maxLength={4000}
          value={notes}
          onChange={(event) => setNotes(event.currentTarget.value)}
          data-testid="model-notes"
        />
        <FormEnd work={save} leave={onClose} testId="save-notes">
          {t('Save')}
        </FormEnd>
      </Stack>
    </form>
  );
}
