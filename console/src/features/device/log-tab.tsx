import { Button, Group, SegmentedControl } from '@mantine/core';
import { IconDownload, IconFileText, IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import type { Device } from '../../api/types.js';
import { choices, phrase, t } from '../../i18n/index.js';
import { integer, timeFormat } from '../../ui/format.js';
import { Blank, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { Problem } from '../../ui/problem.js';
import { Lamp } from '../../ui/signal.js';
import classes from './device.module.css';
import { type LogLine, levelTone, levelWord, parseLog } from './log-lines.js';

const shown = 500;
const levels = [
  { value: '0', label: phrase('All') },
  { value: '30', label: phrase('Info') },
  { value: '40', label: phrase('Warnings') },
  { value: '50', label: phrase('Errors') },
];

/** The newest lines of the device's log, fetched when they are asked for. */
export function LogTab({ device }: { device: Device }) {
  const [least, setLeast] = useState('0');
  const log = useQuery({
    queryKey: ['device-log', device.id],
    queryFn: async () => {
      const params = { path: { id: device.id } };
      const call = client.POST('/api/v1/devices/{id}/logs', {
        params,
        body: { maxBytes: 524_288 },
        parseAs: 'text',
      });
      return (await unwrap(call)) as unknown as string;
    },
    enabled: device.online,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
    retry: false,
  });
  const lines = parseLog(log.data ?? '').filter(({ level }) => level >= Number(least));
  return (
    <Panel>
      <div className={classes.column}>
        <Group gap={12}>
          <SegmentedControl
            size="md"
            value={least}
            onChange={setLeast}
            data={choices(levels)}
            aria-label={t('Least level')}
            data-testid="log-level"
          />
          <Button
            variant="default"
            size="md"
            leftSection={<IconRefresh size={18} />}
            loading={log.isFetching}
            disabled={!device.online}
            onClick={() => void log.refetch()}
          >
            {t('Fetch anew')}
          </Button>
          <Button
            variant="default"
            size="md"
            leftSection={<IconDownload size={18} />}
            disabled={!log.data}
            onClick={() => download(`${device.name}.log`, log.data ?? '')}
          >
            {t('Download')}
          </Button>
          {log.data ? (
            <span className={pageClasses.dim}>
              {lines.length > shown
                ? t('{{lines}} lines, the newest {{shown}} are shown', {
                    lines: integer(lines.length),
                    shown,
                  })
                : t('{{count, number}} lines', { count: lines.length })}
            </span>
          ) : null}
        </Group>
        <Problem error={log.error} />
        {lines.length > 0 ? (
          <ol className={classes.log} data-testid="log-lines">
            {lines.slice(0, shown).map((line) => (
              <Line key={line.key} line={line} />
            ))}
          </ol>
        ) : log.isFetching || log.error ? null : (
          <Blank icon={IconFileText} title={device.online ? t('No such lines') : t('The device is offline')}>
            {device.online
              ? t('Choose a lower level, or fetch the log anew.')
              : t('Its log can be read when it is connected again.')}
          </Blank>
        )}
      </div>
    </Panel>
  );
}

const time = timeFormat({ dateStyle: 'short', timeStyle: 'medium' });

const Line = ({ line }: { line: LogLine }) => (
  <li>
    <Lamp tone={levelTone(line.level)} label={levelWord(line.level)} />
    <time>{line.at === null ? '' : time().format(line.at)}</time>
    <span className={classes.logText}>
      {line.text} {line.rest ? <code>{line.rest}</code> : null}
    </span>
  </li>
);

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads the address after this turn.
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
