import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconBrandPython, IconTrophy, IconUpload } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { architecturesQuery, keys, trainersQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Architecture } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { ConfirmDialog } from '../../ui/confirm.js';
import { bytes } from '../../ui/format.js';
import { notifyDone } from '../../ui/notify.js';
import { Loaded, Loading, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { Tag, type Tone } from '../../ui/signal.js';
import { StartSweepDialog } from '../sweeps/start-sweep-dialog.js';
import classes from './architectures.module.css';
import { ByNameDialog } from './by-name-dialog.js';
import { UploadDialog } from './upload-dialog.js';

const tones: Record<Architecture['state'], Tone> = { tunable: 'ok', 'tail-only': 'ok', 'head-only': 'warn' };
const words: Record<Architecture['state'], string> = phrases({
  tunable: 'Ready',
  'tail-only': 'Ready, not as a whole',
  'head-only': 'Head only',
});

/** The networks that training can start from, and the way to add one. */
export function ArchitecturesPanel() {
  const architectures = useQuery(architecturesQuery);
  const engineer = useMay('engineer');
  const [uploading, upload] = useDisclosure(false);
  const [naming, byName] = useDisclosure(false);
  // Without a launcher there is nobody to build one.
  const torch = (useQuery(trainersQuery).data ?? []).some(({ id }) => id === 'torch');
  const [sweeping, bakeOff] = useDisclosure(false);
  const [removing, setRemoving] = useState<Architecture | null>(null);
  return (
    <Panel flush>
      <div className={classes.head}>
        <h2>{t('Architectures')}</h2>
        {engineer ? (
          <div className={classes.actions}>
            <Button
              variant="default"
              size="md"
              leftSection={<IconTrophy size={18} />}
              onClick={bakeOff.open}
              data-testid="start-sweep"
            >
              {t('Bake-off')}
            </Button>
            {torch ? (
              <Button
                variant="default"
                size="md"
                leftSection={<IconBrandPython size={18} />}
                onClick={byName.open}
                data-testid="name-architecture"
              >
                {t('By name')}
              </Button>
            ) : null}
            <Button
              variant="default"
              size="md"
              leftSection={<IconUpload size={18} />}
              onClick={upload.open}
              data-testid="upload-architecture"
            >
              {t('Upload ONNX')}
            </Button>
          </div>
        ) : null}
      </div>
      <Loaded query={architectures} skeleton={<Loading rows={1} />}>
        {(items) => (
          <div className={pageClasses.scroll}>
            <table className={pageClasses.table} data-testid="architectures">
              <thead>
                <tr>
                  <th>{t('Name')}</th>
                  <th>{t('State')}</th>
                  <th className={pageClasses.num}>{t('Input')}</th>
                  <th className={pageClasses.num}>{t('Size')}</th>
                  <th className={pageClasses.wide}>{t('Licence')}</th>
                  <th />
                </tr>
              </thead>
              <tbody>
                {items.map((each) => (
                  <Row key={each.id} architecture={each} remove={engineer ? () => setRemoving(each) : null} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
      <StartSweepDialog opened={sweeping} onClose={bakeOff.close} />
      <ByNameDialog opened={naming} onClose={byName.close} />
      <UploadDialog opened={uploading} onClose={upload.close} />
      {removing ? <RemoveDialog architecture={removing} onClose={() => setRemoving(null)} /> : null}
    </Panel>
  );
}

function Row({ architecture, remove }: { architecture: Architecture; remove: (() => void) | null }) {
  const { id, name, state, tunable, inputSize, resizable, licences, origin } = architecture;
  const why = tunable.tail ?? tunable.whole;
  return (
    <tr data-testid={`architecture-${id}`}>
      <td className={pageClasses.strong}>
        {name}
        {origin ? <span className={classes.why}>{origin}</span> : null}
      </td>
      <td>
        <Tag tone={tones[state]}>{t(words[state])}</Tag>
        {why ? <span className={classes.why}>{why}</span> : null}
      </td>
      <td className={`${pageClasses.num} ${classes.oneLine}`}>
        {resizable ? `${inputSize} px` : t('{{inputSize}} px, fixed', { inputSize })}
      </td>
      <td className={`${pageClasses.num} ${classes.oneLine}`}>{bytes(architecture.bytes)}</td>
      <td className={`${pageClasses.wide} ${classes.licence}`}>{licences.join('; ')}</td>
      <td className={pageClasses.num}>
        {remove && architecture.source !== 'default' ? (
          <Button
            variant="subtle"
            color="red"
            size="md"
            onClick={remove}
            aria-label={t('Delete {{name}}', { name })}
          >
            {t('Delete')}
          </Button>
        ) : null}
      </td>
    </tr>
  );
}

function RemoveDialog({ architecture, onClose }: { architecture: Architecture; onClose: () => void }) {
  const queryClient = useQueryClient();
  const action = useMutation({
    mutationFn: () =>
      unwrap(client.DELETE('/api/v1/architectures/{id}', { params: { path: { id: architecture.id } } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.architectures });
      notifyDone(t('{{name}} is deleted.', { name: architecture.name }));
      onClose();
    },
  });
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={t('Delete {{name}}?', { name: architecture.name })}
      confirm={t('Delete')}
      danger
      action={action}
    >
      {t('No further training can start from it. Models that were trained from it stay and keep working.')}
    </ConfirmDialog>
  );
}
