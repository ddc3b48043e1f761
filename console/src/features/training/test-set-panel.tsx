import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys, testSetsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { ConfirmDialog } from '../../ui/confirm.js';
import { integer } from '../../ui/format.js';
import { notifyDone } from '../../ui/notify.js';
import { Panel } from '../../ui/page.js';
import { Note } from '../../ui/signal.js';
import classes from './training.module.css';

export const WornOut = ({ version }: { version: number }) => (
  <Note tone="warn">
    {t(
      'Test set v{{version}} was looked at too often: by now the best figure on it may be luck. Start a new version before you trust small differences.',
      { version },
    )}
  </Note>
);

/** Which frames models are judged on, how often that was done, and what waits for the next version. */
export function TestSetPanel() {
  const found = useQuery(testSetsQuery).data;
  const engineer = useMay('engineer');
  const queryClient = useQueryClient();
  const [asking, ask] = useDisclosure(false);
  const start = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/test-sets')),
    onSuccess: async ({ number }) => {
      await queryClient.invalidateQueries({ queryKey: keys.testSets });
      ask.close();
      notifyDone(t('Test set v{{number}} is in force.', { number }));
    },
  });
  const current = found?.items.find(({ inForce }) => inForce);
  if (!found || !current) return null;
  const { number, frames, looks, mostLooks } = current;
  return (
    <Panel>
      <div className={classes.testSet} data-testid="test-set">
        <p>
          <Trans
            i18nKey={
              'Models are judged on <b>test set v{{number}}</b>: {{count, number}} frames, looked at {{looks}}. {{waiting}}'
            }
            count={frames}
            values={{
              count: frames,
              number,
              looks: t('{{count, number}} times', { count: looks }),
              waiting:
                found.waiting > 0
                  ? t('{{count, number}} labelled frames wait for the next version.', {
                      count: found.waiting,
                    })
                  : '',
            }}
            components={{ b: <b /> }}
          />
        </p>
        {engineer ? (
          <Button variant="default" size="md" onClick={ask.open} data-testid="start-test-set">
            {t('Start test set v{{number}}', { number: number + 1 })}
          </Button>
        ) : null}
      </div>
      {looks >= mostLooks ? <WornOut version={number} /> : null}
      <ConfirmDialog
        opened={asking}
        onClose={ask.close}
        title={t('Start test set v{{number}}?', { number: number + 1 })}
        confirm={t('Start v{{number}}', { number: number + 1 })}
        action={start}
      >
        {t(
          'Models will be judged on the frames of test groups labelled until now, those of v{{number}} and {{more}}: it is as fresh as their share is large. Figures measured on v{{number}} and on v{{next}} cannot be compared with each other.',
          {
            number,
            more:
              found.waiting > 0
                ? t('at least {{waiting}} that waited', { waiting: integer(found.waiting) })
                : t('any that waited'),
            next: number + 1,
          },
        )}
      </ConfirmDialog>
    </Panel>
  );
}
