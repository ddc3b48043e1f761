import { Button, SegmentedControl, Select } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { classesQuery, keys } from '../../api/queries.js';
import type { Transfer } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import pageClasses from '../../ui/page.module.css';
import { Problem } from '../../ui/problem.js';
import { Note } from '../../ui/signal.js';
import classes from './exchange.module.css';

const add = '+';
const leave = '-';

/** What an archive holds, what its classes are here, and what becomes of its labels. */
export function StartImport({ transfer }: { transfer: Transfer }) {
  const queryClient = useQueryClient();
  const known = useQuery(classesQuery).data ?? [];
  const [chosen, setChosen] = useState<Record<string, string>>({});
  const [labelsAs, setLabelsAs] = useState<'label' | 'prelabel'>('label');
  const [existing, setExisting] = useState<'keep' | 'replace'>('keep');
  const contents = transfer.contents!;
  const choiceOf = (name: string, classId: string | null) => chosen[name] ?? classId ?? add;
  const start = useMutation({
    mutationFn: () => {
      const given = contents.classes.flatMap(({ name, classId }) => {
        const choice = choiceOf(name, classId);
        return choice === add ? [] : [[name, choice === leave ? null : choice] as const];
      });
      return unwrap(
        client.POST('/api/v1/imports/{id}/start', {
          params: { path: { id: transfer.id } },
          body: { labelsAs, existing, createClasses: true, classes: Object.fromEntries(given) },
        }),
      );
    },
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: keys.transfers }),
        queryClient.invalidateQueries({ queryKey: keys.classes }),
      ]),
  });
  const ignored = Object.entries(contents.ignored);
  return (
    <>
      <p className={classes.hint} data-testid="import-contents">
        {t('{{count, number}} pictures', { count: contents.pictures })}
        {contents.missing > 0
          ? t(', {{missing}} annotated without a picture', { missing: integer(contents.missing) })
          : ''}
        {contents.boxes > 0 ? `, ${t('{{count, number}} boxes', { count: contents.boxes })}` : ''}.
      </p>
      {contents.classes.length > 0 ? (
        <div className={pageClasses.scroll}>
          <table className={pageClasses.table}>
            <thead>
              <tr>
                <th>{t('Class in the archive')}</th>
                <th>{t('Pictures')}</th>
                <th>{t('Boxes')}</th>
                <th>{t('Is here')}</th>
              </tr>
            </thead>
            <tbody>
              {contents.classes.map(({ name, pictures, boxes, classId }) => (
                <tr key={name}>
                  <td className={pageClasses.strong}>{name}</td>
                  <td>{integer(pictures)}</td>
                  <td>{integer(boxes)}</td>
                  <td>
                    <Select
                      aria-label={t('Class for {{name}}', { name })}
                      size="md"
                      allowDeselect={false}
                      value={choiceOf(name, classId)}
                      onChange={(value) => setChosen({ ...chosen, [name]: value ?? add })}
                      data={[
                        ...known.map((each) => ({ value: each.id, label: each.name })),
                        { value: add, label: t('A new class') },
                        { value: leave, label: t('Left out') },
                      ]}
                    />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      {ignored.length > 0 ? (
        <Note tone="warn">
          {t('Not taken over: {{ignored}}.', {
            ignored: ignored.map(([field, times]) => `${field} (${integer(times)})`).join(', '),
          })}
        </Note>
      ) : null}
      <div className={classes.choices}>
        <div className={classes.choice}>
          <span>{t('Labels become')}</span>
          <SegmentedControl
            size="md"
            aria-label={t('Labels become')}
            value={labelsAs}
            onChange={(value) => setLabelsAs(value as typeof labelsAs)}
            data={[
              { value: 'label', label: t('Labels') },
              { value: 'prelabel', label: t('Proposals for review') },
            ]}
          />
        </div>
        <div className={classes.choice}>
          <span>{t('A frame with another label')}</span>
          <SegmentedControl
            size="md"
            aria-label={t('A frame with another label')}
            value={existing}
            onChange={(value) => setExisting(value as typeof existing)}
            data={[
              { value: 'keep', label: t('Keeps it') },
              { value: 'replace', label: t('Gets the new one') },
            ]}
          />
        </div>
      </div>
      <Problem error={start.error} />
      <div>
        <Button
          size="md"
          loading={start.isPending}
          onClick={() => start.mutate()}
          data-testid="import-take-in"
        >
          {t('Take in')}
        </Button>
      </div>
    </>
  );
}
