import { Modal, SegmentedControl, Select, Stack, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, frameImageUrl, unwrap } from '../../api/client.js';
import { classesQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { FormEnd } from '../../ui/form-end.js';
import { notifyDone } from '../../ui/notify.js';
import { type ExampleKind, kindNames, kinds } from './kinds.js';
import classes from './label-book.module.css';
import { useBookChange } from './use-book-change.js';

/** A frame that is to go into the book, and the class it most likely belongs to. */
export interface ExampleFrame {
  frameId: string;
  classId: string | null;
}

export function ExampleDialog({ frame, close }: { frame: ExampleFrame | null; close: () => void }) {
  return (
    <Modal
      opened={frame !== null}
      onClose={close}
      title={t('Into the label book')}
      size="lg"
      transitionProps={{ duration: 0 }}
    >
      {frame ? <ExampleForm frame={frame} close={close} /> : null}
    </Modal>
  );
}

function ExampleForm({ frame, close }: { frame: ExampleFrame; close: () => void }) {
  const classList = useQuery(classesQuery).data ?? [];
  const likely = classList.find(({ id }) => id === frame.classId)?.id ?? null;
  const [chosen, choose] = useState<string | null>(likely);
  const [kind, setKind] = useState<ExampleKind>('representative');
  const [note, setNote] = useState('');
  const named = classList.find(({ id }) => id === chosen);
  const add = useBookChange(
    (requestId) =>
      unwrap(
        client.POST('/api/v1/label-book/{id}/examples', {
          params: { path: { id: chosen ?? '' } },
          body: { requestId, frameId: frame.frameId, kind, note },
        }),
      ),
    () => {
      notifyDone(t('The frame is in the book, under {{name}}.', { name: named?.name ?? t('its class') }));
      close();
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (chosen !== null && !add.isPending) add.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <img className={classes.chosen} src={frameImageUrl(frame.frameId, 640)} alt={t('The frame')} />
        <Select
          label={t('Class')}
          placeholder={t('Choose a class')}
          allowDeselect={false}
          data={classList.map(({ id, name }) => ({ value: id, label: name }))}
          value={chosen}
          onChange={choose}
          data-testid="example-class"
        />
        <SegmentedControl
          aria-label={t('Kind of example')}
          data={kindNames.map((value) => ({ value, label: t(kinds[value].one) }))}
          value={kind}
          onChange={(value) => setKind(value as ExampleKind)}
        />
        <p className={classes.hint}>{t(kinds[kind].means)}.</p>
        <TextInput
          label={t('Note')}
          placeholder={t('What to look at')}
          maxLength={300}
          data-autofocus
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          data-testid="example-note"
        />
        <FormEnd work={add} leave={close} disabled={chosen === null} testId="add-example">
          {t('Put it in')}
        </FormEnd>
      </Stack>
    </form>
  );
}
