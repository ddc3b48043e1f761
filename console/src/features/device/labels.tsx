import { Button, Modal, Stack, TagsInput, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { devicesQuery, keys } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { FormEnd } from '../../ui/form-end.js';

/** Site and tags of a device, by which rollouts choose. */
export function Labels({ device }: { device: Device }) {
  const engineer = useMay('engineer');
  const [editing, edit] = useDisclosure(false);
  const { site, tags } = device;
  return (
    <>
      {site ? (
        <span>
          <Trans
            i18nKey={'Site <b>{{site}}</b>'}
            values={{ site }}
            components={{ b: <b data-testid="device-site" /> }}
          />
        </span>
      ) : null}
      {tags.length > 0 ? (
        <span>
          <Trans
            i18nKey={'Tags <b>{{tags}}</b>'}
            values={{ tags: tags.join(', ') }}
            components={{ b: <b data-testid="device-tags" /> }}
          />
        </span>
      ) : null}
      {engineer ? (
        <Button variant="subtle" size="compact-md" onClick={edit.open} data-testid="edit-labels">
          {site || tags.length > 0 ? t('Edit site and tags') : t('Add site and tags')}
        </Button>
      ) : null}
      <Modal
        opened={editing}
        onClose={edit.close}
        title={t('Site and tags of {{name}}', { name: device.name })}
      >
        {editing ? <LabelsForm device={device} onClose={edit.close} /> : null}
      </Modal>
    </>
  );
}

function LabelsForm({ device, onClose }: { device: Device; onClose: () => void }) {
  const queryClient = useQueryClient();
  const fleet = useQuery(devicesQuery).data ?? [];
  const [site, setSite] = useState(device.site ?? '');
  const [tags, setTags] = useState(device.tags);
  const save = useMutation({
    mutationFn: () =>
      unwrap(
        client.PUT('/api/v1/devices/{id}/labels', {
          params: { path: { id: device.id } },
          body: { site: site.trim() || null, tags },
        }),
      ),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.devices });
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
        <TextInput
          label={t('Site')}
          description={t('Where it stands')}
          maxLength={64}
          value={site}
          onChange={(event) => setSite(event.currentTarget.value)}
          data-testid="labels-site"
        />
        <TagsInput
          size="md"
          label={t('Tags')}
          description={t('Enter adds one; rollouts choose devices by them')}
          maxTags={20}
          data={[...new Set(fleet.flatMap((each) => each.tags))].sort()}
          value={tags}
          onChange={setTags}
          data-testid="labels-tags"
        />
        <FormEnd work={save} leave={onClose} testId="labels-save">
          {t('Save')}
        </FormEnd>
      </Stack>
    </form>
  );
}
