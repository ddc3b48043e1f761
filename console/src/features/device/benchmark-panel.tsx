import { Button, Group, NumberInput, Select } from '@mantine/core';
import { IconGauge } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { deviceBenchmarksQuery, keys, modelsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Benchmark, Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { decimal } from '../../ui/format.js';
import { Blank, Loaded, Loading, Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { Problem } from '../../ui/problem.js';
import { Note } from '../../ui/signal.js';
import classes from './device.module.css';

const running = 'running';
const sizes = ['320 × 240', '640 × 480', '1280 × 720', '1920 × 1080'];
const sides = (size: string): { width: number; height: number } => {
  const [width = 1280, height = 720] = size.split(' × ').map(Number);
  return { width, height };
};

/** How fast a model is on this very device, measured beside the cameras. */
export function BenchmarkPanel({ device }: { device: Device }) {
  const engineer = useMay('engineer');
  const history = useQuery(deviceBenchmarksQuery(device.id));
  return (
    <Panel title={t('Benchmark')}>
      <div className={classes.column}>
        {engineer ? <Run device={device} /> : null}
        <Loaded query={history} skeleton={<Loading rows={3} height={40} />}>
          {(items) =>
            items.length === 0 ? (
              <Blank icon={IconGauge} title={t('Nothing measured yet')}>
                {t(
                  'A benchmark says how long a model takes on this device, in service. Results of the whole fleet can be compared by hardware.',
                )}
              </Blank>
            ) : (
              <History items={items} />
            )
          }
        </Loaded>
      </div>
    </Panel>
  );
}

function Run({ device }: { device: Device }) {
  const queryClient = useQueryClient();
  const models = useQuery(modelsQuery).data ?? [];
  const [model, setModel] = useState<string>(running);
  const [size, setSize] = useState('1280 × 720');
  const [seconds, setSeconds] = useState<number | string>(10);
  const run = useMutation({
    mutationFn: () =>
      unwrap(
        client.POST('/api/v1/devices/{id}/benchmark', {
          params: { path: { id: device.id } },
          body: {
            ...sides(size),
            seconds: Math.max(1, Math.min(60, Number(seconds) || 10)),
            ...(model === running ? {} : { modelVersionId: model }),
          },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.benchmarks }),
  });
  return (
    <>
      <Group gap={12} align="flex-end">
        <Select
          label={t('Model')}
          w={220}
          data={[
            {
              value: running,
              label: t('Running ({{version}})', { version: device.reported?.model?.version ?? t('none') }),
            },
            ...models.map(({ id, champion }) => ({
              value: id,
              label: champion ? t('{{id}}, champion', { id }) : id,
            })),
          ]}
          value={model}
          onChange={(value) => setModel(value ?? running)}
          allowDeselect={false}
        />
        <Select
          label={t('Picture')}
          w={160}
          data={sizes}
          value={size}
          onChange={(value) => setSize(value ?? size)}
          allowDeselect={false}
        />
        <NumberInput
          label={t('Measure for')}
          w={130}
          min={1}
          max={60}
          allowDecimal={false}
          suffix=" s"
          value={seconds}
          onChange={setSeconds}
          data-testid="benchmark-seconds"
        />
        <Button
          size="md"
          h={42}
          leftSection={<IconGauge size={18} />}
          loading={run.isPending}
          disabled={!device.online}
          onClick={() => run.mutate()}
          data-testid="run-benchmark"
        >
          {t('Measure')}
        </Button>
      </Group>
      {run.isPending ? (
        <Note tone="busy">
          {t(
            'The device measures for {{Number}} s; a model it does not have is downloaded first. The result is kept even if you leave this page.',
            { Number: Number(seconds) },
          )}
        </Note>
      ) : device.online ? null : (
        <Note tone="idle">{t('The device is offline.')}</Note>
      )}
      <Problem error={run.error} />
    </>
  );
}

const figure = (value: number): string => (value < 10 ? decimal(value, 1) : String(Math.round(value)));

function History({ items }: { items: Benchmark[] }) {
  return (
    <div className={pageClasses.scroll}>
      <table className={pageClasses.table} data-testid="benchmarks">
        <thead>
          <tr>
            <th>{t('When')}</th>
            <th>{t('Model')}</th>
            <th>{t('Ran on')}</th>
            <th>{t('Picture')}</th>
            <th className={pageClasses.num}>{t('Per second')}</th>
            <th className={pageClasses.num}>{t('p50 / p95 / p99 ms')}</th>
            <th className={pageClasses.wide}>{t('Cameras meanwhile')}</th>
            <th className={pageClasses.wide}>{t('By')}</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ id, at, requestedBy, result }) => (
            <tr key={id}>
              <td className={pageClasses.nowrap}>
                <Ago at={at} />
              </td>
              <td className={pageClasses.strong}>
                {result.modelVersion} <span className={pageClasses.dim}>{result.variant}</span>
              </td>
              <td className={pageClasses.nowrap}>
                {result.backend} <span className={pageClasses.dim}>× {result.threads}</span>
              </td>
              <td className={pageClasses.nowrap}>
                {result.width} × {result.height}
              </td>
              <td className={`${pageClasses.num} ${pageClasses.strong}`}>{figure(result.perSecond)}</td>
              <td className={`${pageClasses.num} ${pageClasses.nowrap}`}>
                {figure(result.latencyMs.p50)} / {figure(result.latencyMs.p95)} /{' '}
                {figure(result.latencyMs.p99)}
              </td>
              <td className={pageClasses.wide}>{result.besideLoad ? t('decided') : t('idle')}</td>
              <td className={pageClasses.wide}>{requestedBy}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
