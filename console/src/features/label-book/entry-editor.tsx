import { ActionIcon, Select, Stack, Textarea, TextInput } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { client, frameImageUrl, unwrap } from '../../api/client.js';
import type { BookEntry, BookExample } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { FormEnd } from '../../ui/form-end.js';
import { type ExampleKind, kindNames, kinds } from './kinds.js';
import classes from './label-book.module.css';
import { useBookChange } from './use-book-change.js';

/** Writes the next version, on the one that the form was opened with. */
export function EntryEditor({ entry, close }: { entry: BookEntry; close: () => void }) {
  const [definition, setDefinition] = useState(entry.definition);
  const [examples, setExamples] = useState(entry.examples);
  const save = useBookChange(
    (requestId) =>
      unwrap(
        client.PUT('/api/v1/label-book/{id}', {
          params: { path: { id: entry.classId } },
          body: { requestId, basedOn: entry.version, definition, examples },
        }),
      ),
    close,
  );
  const change = (frameId: string, part: Partial<BookExample>) =>
    setExamples(examples.map((each) => (each.frameId === frameId ? { ...each, ...part } : each)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!save.isPending) save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Textarea
          label={t('Definition')}
          description={t(
            'What belongs to the class and what does not, with sizes and places, so that two people decide alike',
          )}
          autosize
          minRows={4}
          maxRows={14}
          maxLength={4000}
          data-autofocus
          value={definition}
          onChange={(event) => setDefinition(event.currentTarget.value)}
          data-testid="definition"
        />
        {examples.map(({ frameId, kind, note }) => (
          <div key={frameId} className={classes.edited}>
            <img src={frameImageUrl(frameId, 256)} alt={t('Example')} />
            <Select
              aria-label={t('Kind of example')}
              allowDeselect={false}
              data={kindNames.map((value) => ({ value, label: t(kinds[value].one) }))}
              value={kind}
              onChange={(value) => change(frameId, { kind: value as ExampleKind })}
            />
            <TextInput
              aria-label={t('Note')}
              placeholder={t('What to look at')}
              maxLength={300}
              value={note}
              onChange={(event) => change(frameId, { note: event.currentTarget.value })}
            />
            <ActionIcon
              variant="subtle"
              color="gray"
              size={44}
              aria-label={t('Take it out of the book')}
              onClick={() => setExamples(examples.filter((each) => each.frameId !== frameId))}
            >
              <IconTrash size={20} />
            </ActionIcon>
          </div>
        ))}
        <p className={classes.hint}>
          {t('Examples come from Review and from the dataset: E puts the frame at hand into the book.')}
        </p>
        <FormEnd work={save} leave={close} testId="save-entry">
          {t('Save')}
        </FormEnd>
      </Stack>
    </form>
  );
}
