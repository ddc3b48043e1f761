import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';
import { keys, testSetsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { ConfirmDialog } from '../../ui/confirm.js';
import { integer, plural } from '../../ui/format.js';
import { notifyDone } from '../../ui/notify.js';
import { Panel } from '../../ui/page.js';
import { Note } from '../../ui/signal.js';
import classes from './training.module.css';

export const WornOut = ({ version }: { version: number }) => (
  <Note tone="warn">
    Test set v{version} was looked at too often: by now the best figure on it may be luck. Start a new version
    before you trust small differences.
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
      notifyDone(`Test set v${number} is in force.`);
    },
  });
  const current = found?.items.find(({ inForce }) => inForce);
  if (!found || !current) return null;
  const { number, frames, looks, mostLooks } = current;
  return (
    <Panel>
      <div className={classes.testSet} data-testid="test-set">
        <p>
          Models are judged on <b>test set v{number}</b>: {plural(frames, 'frame')}, looked at{' '}
          {plural(looks, 'time')}.{' '}
          {found.waiting > 0
            ? `${plural(found.waiting, 'labelled frame waits', 'labelled frames wait')} for the next version.`
            : ''}
        </p>
        {engineer ? (
          <Button variant="default" size="md" onClick={ask.open} data-testid="start-test-set">
            Start test set v{number + 1}
          </Button>
        ) : null}
      </div>
      {looks >= mostLooks ? <WornOut version={number} /> : null}
      <ConfirmDialog
        opened={asking}
        onClose={ask.close}
        title={`Start test set v${number + 1}?`}
        confirm={`Start v${number + 1}`}
        action={start}
      >
        Models will be judged on the frames of test groups labelled until now, those of v{number} and{' '}
        {found.waiting > 0 ? `at least ${integer(found.waiting)} that waited` : 'any that waited'}: it is as
        fresh as their share is large. Figures measured on v{number} and on v{number + 1} cannot be compared
        with each other.
      </ConfirmDialog>
    </Panel>
  );
}
