import { Button, Group, NumberInput, Select } from '@mantine/core';
import { IconGauge } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { deviceBenchmarksQuery, keys, modelsQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Benchmark, Device } from '../../api/types.js';
import { Ago } from '../../ui/clock.js';
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
    <Panel title="Benchmark">
      <div className={classes.column}>
        {engineer ? <Run device={device} /> : null}
        <Loaded query={history} skeleton={<Loading rows={3} height={40} />}>
          {(items) =>
            items.length === 0 ? (
              <Blank icon={IconGauge} title="Nothing measured yet">
                A benchmark says how long a model takes on this device, in service. Results of the whole fleet
                can be compared by hardware.
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
          label="Model"
          w={220}
          data={[
            { value: running, label: `Running (${device.reported?.model?.version ?? 'none'})` },
            ...models.map(({ id, champion }) => ({ value: id, label: champion ? `${id}, champion` : id })),
          ]}
          value={model}
          onChange={(value) => setModel(value ?? running)}
          allowDeselect={false}
        />
        <Select
          label="Picture"
          w={160}
          data={sizes}
          value={size}
          onChange={(value) => setSize(value ?? size)}
          allowDeselect={false}
        />
        <NumberInput
          label="Measure for"
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
          Measure
        </Button>
      </Group>
      {run.isPending ? (
        <Note tone="busy">
          The device measures for {Number(seconds)} s; a model it does not have is downloaded first. The
          result is kept even if you leave this page.
        </Note>
      ) : device.online ? null : (
        <Note tone="idle">The device is offline.</Note>
      )}
      <Problem error={run.error} />
    </>
  );
}

const figure = (value: number): string => (value < 10 ? value.toFixed(1) : String(Math.round(value)));

function History({ items }: { items: Benchmark[] }) {
  return (
    <div className={pageClasses.scroll}>
      <table className={pageClasses.table} data-testid="benchmarks">
        <thead>
          <tr>
            <th>When</th>
            <th>Model</th>
            <th>Ran on</th>
            <th>Picture</th>
            <th className={pageClasses.num}>Per second</th>
            <th className={pageClasses.num}>p50 / p95 / p99 ms</th>
            <th className={pageClasses.wide}>Cameras meanwhile</th>
            <th className={pageClasses.wide}>By</th>
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
              <td className={pageClasses.wide}>{result.besideLoad ? 'decided' : 'idle'}</td>
              <td className={pageClasses.wide}>{requestedBy}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
