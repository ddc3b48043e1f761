import { Button, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { ModelVersion } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { notifyDone, notifyFailed } from '../../ui/notify.js';
import { DescribeDialog } from './describe-dialog.js';

type Change = 'promote' | 'challenger' | 'no-challenger';

const done: Record<Change, string> = phrases({
  promote: '{{id}} is the champion now.',
  challenger: '{{id}} is the challenger now.',
  'no-challenger': '{{id}} is the challenger no more.',
});

/** What an engineer may do with a version beside rolling it out. */
export function MoreMenu({ model, challenge }: { model: ModelVersion; challenge: () => void }) {
  const engineer = useMay('engineer');
  const queryClient = useQueryClient();
  const [describing, describe] = useDisclosure(false);
  const params = { path: { id: model.id } };
  const change = useMutation({
    mutationFn: (what: Change) =>
      unwrap(
        what === 'promote'
          ? client.POST('/api/v1/models/{id}/promote', { params })
          : what === 'challenger'
            ? client.POST('/api/v1/models/{id}/challenger', { params })
            : client.DELETE('/api/v1/models/{id}/challenger', { params }),
      ),
    onSuccess: async (_, what) => {
      await queryClient.invalidateQueries({ queryKey: keys.models });
      notifyDone(t(done[what], { id: model.id }));
    },
    onError: (error) => notifyFailed(t('{{id}} was not changed', { id: model.id }), error),
  });
  if (!engineer) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="subtle" size="md" loading={change.isPending} data-testid={`more-${model.id}`}>
            {t('More')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={describe.open} data-testid={`describe-${model.id}`}>
            {t('Notes and tags')}
          </Menu.Item>
          <Menu.Item
            component="a"
            href={`/api/v1/models/${model.id}/package`}
            download
            data-testid={`export-${model.id}`}
          >
            {t('Export as a file')}
          </Menu.Item>
          {model.champion ? null : (
            <>
              {model.challenger ? (
                <Menu.Item onClick={() => change.mutate('no-challenger')}>
                  {t('Challenger no more.')}
                </Menu.Item>
              ) : (
                <Menu.Item
                  onClick={() => change.mutate('challenger')}
                  data-testid={`name-challenger-${model.id}`}
                >
                  {t('Name it the challenger')}
                </Menu.Item>
              )}
              <Menu.Item onClick={challenge}>{t('Run beside the champion on devices')}</Menu.Item>
              <Menu.Item onClick={() => change.mutate('promote')}>{t('Make it the champion')}</Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <DescribeDialog opened={describing} onClose={describe.close} model={model} />
    </>
  );
}
