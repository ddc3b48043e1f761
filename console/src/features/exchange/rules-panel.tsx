import { ActionIcon, Autocomplete, Button, Select, Switch, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { classesQuery, frameRulesQuery, keys } from '../../api/queries.js';
import type { FrameRule } from '../../api/types.js';
import { choices, phrase, t } from '../../i18n/index.js';
import { notifyDone } from '../../ui/notify.js';
import { Panel } from '../../ui/page.js';
import { Problem } from '../../ui/problem.js';
import classes from './exchange.module.css';
import { RulesTried } from './rules-tried.js';

const fields = ['file', 'path', 'device', 'camera', 'metadata.', 'exif.Make', 'xmp.dc:subject'];
const kinds = [
  { value: 'label', label: phrase('has the class') },
  { value: 'prelabel', label: phrase('is proposed as') },
  { value: 'metadata', label: phrase('gets the entry') },
];

const newRule = (): FrameRule => ({
  ...{ id: crypto.randomUUID(), name: t('New rule'), enabled: true, field: 'path', pattern: '**/{class}/*' },
  action: { kind: 'label', class: '{class}' },
});

/** What follows, as one text: a class, or key=value. */
const textOf = ({ action }: FrameRule): string =>
  action.kind === 'metadata' ? `${action.key}=${action.value}` : action.class;
function actionOf(kind: string, text: string): FrameRule['action'] {
  if (kind !== 'metadata') return { kind: kind === 'label' ? 'label' : 'prelabel', class: text };
  const [key = '', ...value] = text.split('=');
  return { kind: 'metadata', key, value: value.join('=') };
}

/** Rules by which frames get labels, proposals or metadata: tried first, then saved. */
export function RulesPanel() {
  const queryClient = useQueryClient();
  const stored = useQuery(frameRulesQuery).data;
  const known = useQuery(classesQuery).data ?? [];
  const [draft, setDraft] = useState<FrameRule[] | null>(null);
  const rules = draft ?? stored?.rules ?? [];
  const attempt = useMutation({
    mutationFn: () => unwrap(client.POST('/api/v1/frame-rules/dry-run', { body: { rules } })),
  });
  const save = useMutation({
    mutationFn: (applyTo: 'new' | 'all') =>
      unwrap(
        client.PUT('/api/v1/frame-rules', { body: { rules, applyTo, revision: stored?.revision ?? 0 } }),
      ),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.frameRules });
      setDraft(null);
      attempt.reset();
      notifyDone(t('The rules are saved.'));
    },
    onError: () => queryClient.invalidateQueries({ queryKey: keys.frameRules }),
  });
  const change = (id: string, part: Partial<FrameRule>) => {
    attempt.reset();
    setDraft(rules.map((rule) => (rule.id === id ? { ...rule, ...part } : rule)));
  };
  return (
    <Panel title={t('Rules for frames')}>
      <div className={classes.card}>
        <p className={classes.hint}>
          {t(
            'A frame whose field fits the pattern gets a class, a proposal or an entry of its metadata. * stands for anything but a slash, ** for anything, {name} for a part that the result may use. What is there stays.',
          )}
        </p>
        {rules.map((rule) => (
          <fieldset key={rule.id} className={classes.rule} data-testid="frame-rule">
            <legend>{rule.name}</legend>
            <TextInput
              label={t('Name')}
              size="md"
              value={rule.name}
              onChange={(event) => change(rule.id, { name: event.currentTarget.value })}
            />
            <Autocomplete
              label={t('Field')}
              size="md"
              data={fields}
              value={rule.field}
              onChange={(field) => change(rule.id, { field })}
            />
            <TextInput
              label={t('Fits')}
              size="md"
              value={rule.pattern}
              onChange={(event) => change(rule.id, { pattern: event.currentTarget.value })}
            />
            <Select
              label={t('Then it')}
              size="md"
              allowDeselect={false}
              data={choices(kinds)}
              value={rule.action.kind}
              onChange={(kind) => change(rule.id, { action: actionOf(kind ?? 'label', textOf(rule)) })}
            />
            <Autocomplete
              label={rule.action.kind === 'metadata' ? t('key=value') : t('Class')}
              size="md"
              data={rule.action.kind === 'metadata' ? [] : known.map(({ name }) => name)}
              value={textOf(rule)}
              onChange={(text) => change(rule.id, { action: actionOf(rule.action.kind, text) })}
            />
            <div className={classes.ruleEnd}>
              <Switch
                size="md"
                label={t('On')}
                checked={rule.enabled}
                onChange={(event) => change(rule.id, { enabled: event.currentTarget.checked })}
              />
              <ActionIcon
                size={42}
                variant="default"
                aria-label={t('Remove {{name}}', { name: rule.name })}
                onClick={() => setDraft(rules.filter(({ id }) => id !== rule.id))}
              >
                <IconTrash size={18} />
              </ActionIcon>
            </div>
          </fieldset>
        ))}
        {attempt.data ? <RulesTried tried={attempt.data} rules={rules} /> : null}
        <Problem error={attempt.error ?? save.error} />
        <div className={classes.do} style={{ marginLeft: 0 }}>
          <Button
            variant="default"
            size="md"
            leftSection={<IconPlus size={18} />}
            onClick={() => setDraft([...rules, newRule()])}
            data-testid="rule-add"
          >
            {t('Add a rule')}
          </Button>
          {rules.length > 0 ? (
            <Button
              variant="default"
              size="md"
              loading={attempt.isPending}
              onClick={() => attempt.mutate()}
              data-testid="rules-try"
            >
              {t('Try')}
            </Button>
          ) : null}
          {draft ? (
            <>
              <Button size="md" loading={save.isPending} onClick={() => save.mutate('new')}>
                {t('Save for new frames')}
              </Button>
              <Button
                size="md"
                loading={save.isPending}
                onClick={() => save.mutate('all')}
                data-testid="rules-save-all"
              >
                {t('Save and go through all')}
              </Button>
              <Button variant="default" size="md" onClick={() => setDraft(null)}>
                {t('Discard')}
              </Button>
            </>
          ) : null}
        </div>
        {!draft && rules.length > 0 ? (
          <p className={classes.hint}>
            {t('{{count, number}} rules on.', { count: rules.filter(({ enabled }) => enabled).length })}
          </p>
        ) : null}
      </div>
    </Panel>
  );
}
