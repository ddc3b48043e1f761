import { Switch } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys, signInRulesQuery } from '../../api/queries.js';
import type { Role } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { notifyFailed } from '../../ui/notify.js';
import { Loaded, Panel } from '../../ui/page.js';
import classes from '../../ui/page.module.css';
import { manyOf, roleItems } from './roles.js';

/** Whose password alone is not enough. */
export function SignInRulesPanel() {
  const rules = useQuery(signInRulesQuery);
  const queryClient = useQueryClient();
  const save = useMutation({
    mutationFn: (secondFactorFor: Role[]) =>
      unwrap(client.PUT('/api/v1/sign-in-rules', { body: { secondFactorFor } })),
    onSuccess: (saved) => queryClient.setQueryData(keys.signInRules, saved),
    onError: (error) => notifyFailed(t('The rule was not changed'), error),
  });
  return (
    <>
      <div className={classes.header}>
        <h2>{t('Second factor needed')}</h2>
        <span className={classes.sub}>
          {t('From the next sign-in with a password on; API keys need none')}
        </span>
      </div>
      <Loaded query={rules}>
        {({ secondFactorFor }) => (
          <Panel>
            <div style={{ display: 'flex', flexWrap: 'wrap', gap: '14px 40px' }} data-testid="sign-in-rules">
              {[...roleItems].reverse().map(({ value: role }) => (
                <Switch
                  key={role}
                  size="md"
                  label={t(manyOf[role])}
                  checked={secondFactorFor.includes(role)}
                  disabled={save.isPending}
                  onChange={(event) =>
                    save.mutate(
                      event.currentTarget.checked
                        ? [...secondFactorFor, role]
                        : secondFactorFor.filter((other) => other !== role),
                    )
                  }
                />
              ))}
            </div>
          </Panel>
        )}
      </Loaded>
    </>
  );
}
