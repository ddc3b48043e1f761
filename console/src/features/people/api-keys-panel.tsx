import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconKey } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { apiKeysQuery, keys } from '../../api/queries.js';
import type { ApiKey } from '../../api/types.js';
import { phrase, t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { ConfirmDialog } from '../../ui/confirm.js';
import { moment } from '../../ui/format.js';
import { Blank, Loaded, Panel } from '../../ui/page.js';
import classes from '../../ui/page.module.css';
import { Tag, type Tone } from '../../ui/signal.js';
import { AddApiKeyDialog } from './add-api-key-dialog.js';
import { roleNames } from './roles.js';

const states: Record<Exclude<ApiKey['state'], 'valid'>, { tone: Tone; text: string }> = {
  expired: { tone: 'warn', text: phrase('Expired') },
  revoked: { tone: 'idle', text: phrase('Revoked') },
  owner_disabled: { tone: 'idle', text: phrase('Owner disabled') },
};

/** What programs sign in with, below the people for whom they act. */
export function ApiKeysPanel() {
  const apiKeys = useQuery(apiKeysQuery);
  const [adding, add] = useDisclosure(false);
  const button = (
    <Button variant="default" size="md" onClick={add.open} data-testid="add-api-key">
      {t('Make a key')}
    </Button>
  );
  return (
    <>
      <div className={classes.header}>
        <h2>{t('API keys')}</h2>
        <span className={classes.sub}>{t('For the command line and other programs')}</span>
        <div className={classes.actions}>{button}</div>
      </div>
      <Loaded query={apiKeys}>
        {(items) =>
          items.length === 0 ? (
            <Blank icon={IconKey} title={t('No API keys')}>
              {t(
                'A key lets a program act for you, at most with the role you give it, until a date you choose.',
              )}
            </Blank>
          ) : (
            <Panel flush>
              <div className={classes.scroll}>
                <table className={classes.table} data-testid="api-keys">
                  <thead>
                    <tr>
                      <th>{t('Name')}</th>
                      <th>{t('Acts for')}</th>
                      <th>{t('May')}</th>
                      <th>{t('Last used')}</th>
                      <th>{t('Valid until')}</th>
                      <th />
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((key) => (
                      <KeyRow key={key.id} apiKey={key} />
                    ))}
                  </tbody>
                </table>
              </div>
            </Panel>
          )
        }
      </Loaded>
      <AddApiKeyDialog opened={adding} onClose={add.close} />
    </>
  );
}

function KeyRow({ apiKey }: { apiKey: ApiKey }) {
  const queryClient = useQueryClient();
  const [asking, ask] = useDisclosure(false);
  const revoke = useMutation({
    mutationFn: () =>
      unwrap(client.POST('/api/v1/api-keys/{id}/revoke', { params: { path: { id: apiKey.id } } })),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.apiKeys });
      ask.close();
    },
  });
  const { state } = apiKey;
  return (
    <tr>
      <td className={classes.strong}>{apiKey.name}</td>
      <td>{apiKey.owner}</td>
      <td>
        {t(roleNames[apiKey.role])}, {apiKey.writes ? t('read and write') : t('read only')}
      </td>
      <td className={classes.dim}>{apiKey.lastUsedAt ? <Ago at={apiKey.lastUsedAt} /> : t('Never')}</td>
      <td>
        {state === 'valid' ? (
          moment(apiKey.expiresAt)
        ) : (
          <Tag tone={states[state].tone}>{t(states[state].text)}</Tag>
        )}
      </td>
      <td className={classes.num}>
        {state === 'revoked' ? null : (
          <Button
            variant="default"
            size="compact-md"
            onClick={ask.open}
            aria-label={t('Revoke {{name}}', { name: apiKey.name })}
          >
            {t('Revoke')}
          </Button>
        )}
        <ConfirmDialog
          opened={asking}
          onClose={ask.close}
          title={t('Revoke {{name}}?', { name: apiKey.name })}
          confirm={t('Revoke')}
          danger
          action={revoke}
        >
          {t('Programs that use this key are refused from now on. This cannot be taken back.')}
        </ConfirmDialog>
      </td>
    </tr>
  );
}
