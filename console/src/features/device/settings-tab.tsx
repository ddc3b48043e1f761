import { Button, Group, SegmentedControl, Textarea } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { toApiError } from '../../api/errors.js';
import { deviceSettingsQuery, keys, settingsProblemQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Device, DeviceSettings } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { ConfirmDialog } from '../../ui/confirm.js';
import { moment } from '../../ui/format.js';
import { notifyDone } from '../../ui/notify.js';
import { Loaded, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { plainWords } from '../../ui/plain-words.js';
import { Problem } from '../../ui/problem.js';
import { Note, Tag, type Tone } from '../../ui/signal.js';
import classes from './device.module.css';
import { effectiveOf } from './effective.js';
import { parseDraft, print } from './settings-draft.js';
import { UsualSettings } from './usual-settings.js';

export function SettingsTab({ device }: { device: Device }) {
  const query = useQuery(deviceSettingsQuery(device.id, device.settingsRevision));
  return (
    <Loaded query={query}>
      {(stored) => (
        <div className={classes.settings}>
          <Editor device={device} stored={stored} />
          <InForce device={device} stored={stored} />
        </div>
      )}
    </Loaded>
  );
}

type Phase = NonNullable<Device['reported']>['config']['phase'];
const phaseTones: Record<Phase, Tone> = {
  own: 'idle',
  held: 'warn',
  applying: 'busy',
  applied: 'ok',
  rejected: 'bad',
  rolled_back: 'bad',
};
const phaseWords: Record<Phase, string> = phrases({
  own: 'Own file',
  held: 'Held by the plant',
  applying: 'Being applied',
  applied: 'Applied',
  rejected: 'Rejected',
  rolled_back: 'Rolled back',
});

/** What the device says it runs with, and what became of the last change. */
function InForce({ device, stored }: { device: Device; stored: DeviceSettings }) {
  const config = device.reported?.config;
  const underWay = config && stored.revision > 0 && !device.online;
  return (
    <Panel title={t('On the device')}>
      {config ? (
        <div className={classes.column}>
          <div className={classes.head}>
            <Tag tone={phaseTones[config.phase]} testId="config-phase">
              {t(phaseWords[config.phase])}
            </Tag>
            <span>
              {config.revision === 0
                ? t('Its own file alone')
                : t('Revision {{revision}} is in force', { revision: config.revision })}
            </span>
          </div>
          {config.phase === 'rejected' || config.phase === 'rolled_back' ? (
            <Note tone="bad" code={config.code ?? null}>
              {config.refusedRevision
                ? t('Revision {{refusedRevision}}: ', { refusedRevision: config.refusedRevision })
                : ''}
              {config.message ?? plainWords(config.code)}
            </Note>
          ) : null}
          {underWay ? (
            <Note tone="warn">{t('The device is offline and takes a change when it is back.')}</Note>
          ) : null}
          <pre className={classes.json} data-testid="effective-settings">
            {print(config.effective)}
          </pre>
        </div>
      ) : (
        <p className={pageClasses.dim}>{t('The device has not reported its settings yet.')}</p>
      )}
    </Panel>
  );
}

function Editor({ device, stored }: { device: Device; stored: DeviceSettings }) {
  const engineer = useMay('engineer');
  const queryClient = useQueryClient();
  const [view, setView] = useState<'usual' | 'json'>('usual');
  const [start, setStart] = useState(stored);
  const [text, setText] = useState(() => print(stored.settings));
  const [asking, ask] = useDisclosure(false);
  const effective = effectiveOf(device);
  const draft = parseDraft(text);
  const dirty = text !== print(start.settings);
  const overtaken = stored.revision > start.revision;

  const [checked] = useDebouncedValue(text, 400);
  const settled = parseDraft(checked).settings;
  const check = useQuery({
    ...settingsProblemQuery(device.id, settled ?? {}),
    enabled: engineer && dirty && settled !== null,
  });
  const problem = draft.error ?? (dirty && checked === text ? check.data || null : null);

  const load = (settings: DeviceSettings) => {
    setStart(settings);
    setText(print(settings.settings));
    save.reset();
  };
  const save = useMutation({
    mutationFn: (settings: Record<string, unknown> | null) =>
      unwrap(
        client.PUT('/api/v1/devices/{id}/settings', {
          params: { path: { id: device.id } },
          headers: { 'if-match': `"${start.revision}"` },
          body: { settings },
        }),
      ),
    onSuccess: async (settings) => {
      ask.close();
      queryClient.setQueryData(deviceSettingsQuery(device.id, settings.revision).queryKey, settings);
      load(settings);
      await queryClient.invalidateQueries({ queryKey: keys.devices });
      notifyDone(
        settings.settings
          ? t('Revision {{revision}} is on its way to {{name}}.', {
              revision: settings.revision,
              name: device.name,
            })
          : t('{{name}} goes back to its own file.', { name: device.name }),
      );
    },
  });
  // An untouched editor follows whatever others do.
  if (overtaken && !dirty && !save.isPending) load(stored);
  const refused = save.error && toApiError(save.error).code === 'edited_meanwhile';

  return (
    <Panel title={t('Wanted by the fleet')}>
      <div className={classes.column}>
        <p className={classes.lead}>
          {stored.settings
            ? t('Revision {{revision}}, by {{changedBy}} on {{changedAt}}.', {
                revision: stored.revision,
                changedBy: stored.changedBy,
                changedAt: moment(stored.changedAt ?? 0),
              })
            : t('Nothing is set from here: the device follows its own file.')}{' '}
          {t(
            'A section set here replaces the one in the device’s file; a device that is not healthy afterwards goes back by itself.',
          )}
        </p>
        {engineer ? (
          <>
            <Group gap={10}>
              <SegmentedControl
                size="md"
                value={view}
                onChange={(value) => setView(value as typeof view)}
                data={[
                  { value: 'usual', label: t('Usual settings') },
                  { value: 'json', label: t('All settings (JSON)') },
                ]}
                aria-label={t('View')}
                data-testid="settings-view"
              />
              {view === 'json' ? (
                <Button variant="subtle" size="md" onClick={() => setText(print(effective))}>
                  {t('Copy what is in force')}
                </Button>
              ) : null}
            </Group>
            {overtaken && dirty ? (
              <Note tone="warn">
                {t('{{changedBy}} has changed the settings meanwhile (revision {{revision}}).', {
                  changedBy: stored.changedBy,
                  revision: stored.revision,
                })}
              </Note>
            ) : null}
            {view === 'json' ? (
              <Textarea
                aria-label={t('Settings as JSON')}
                autosize
                minRows={10}
                maxRows={26}
                spellCheck={false}
                value={text}
                onChange={(event) => setText(event.currentTarget.value)}
                classNames={{ input: classes.editor ?? '' }}
                data-testid="settings-json"
              />
            ) : draft.settings ? (
              <UsualSettings
                draft={draft.settings}
                effective={effective}
                change={(settings) => setText(print(settings))}
              />
            ) : null}
            {problem ? (
              <div data-testid="settings-problem">
                <Note tone="bad">{problem}</Note>
              </div>
            ) : null}
            <Problem error={problem ? null : save.error} />
            <Group gap={10}>
              <Button
                size="md"
                loading={save.isPending}
                disabled={!dirty || problem !== null || draft.settings === null}
                onClick={() => draft.settings && save.mutate(draft.settings)}
                data-testid="save-settings"
              >
                {t('Save and send')}
              </Button>
              {dirty || refused ? (
                <Button variant="default" size="md" onClick={() => load(stored)}>
                  {overtaken ? t('Load the newest') : t('Discard changes')}
                </Button>
              ) : null}
              {stored.settings ? (
                <Button variant="subtle" color="red" size="md" onClick={ask.open} ml="auto">
                  {t('Back to its own file')}
                </Button>
              ) : null}
            </Group>
            <ConfirmDialog
              opened={asking}
              onClose={ask.close}
              title={t('Let {{name}} follow its own file?', { name: device.name })}
              confirm={t('Back to its own file')}
              action={{ ...save, mutate: () => save.mutate(null) }}
            >
              {t('Everything set from here is taken back. The device restarts what the change touches.')}
            </ConfirmDialog>
          </>
        ) : (
          <pre className={classes.json}>{print(stored.settings)}</pre>
        )}
      </div>
    </Panel>
  );
}
