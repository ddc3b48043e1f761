import type { ReactNode } from 'react';
import type { Device, Telemetry } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { bytes, decimal, duration, integer, moment, percent } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { decidedAlone } from '../fleet/health.js';
import classes from './device.module.css';

/** Figures of the last telemetry, by what a person asks: how fast, what became of the frames, how is the box. */
export function Facts({ device }: { device: Device }) {
  const { telemetry } = device;
  if (!telemetry) {
    return (
      <Panel title={t('Figures')}>
        <p className={pageClasses.dim}>{t('The device has not sent any figures yet.')}</p>
      </Panel>
    );
  }
  return (
    <>
      <div className={classes.panels}>
        <Speed telemetry={telemetry} />
        <Frames device={device} telemetry={telemetry} />
        <Box device={device} telemetry={telemetry} />
      </div>
      {telemetry.outputs.length > 0 ? <Outputs telemetry={telemetry} /> : null}
    </>
  );
}

const ms = (value: number): string => (value < 10 ? decimal(value, 1) : Math.round(value).toString());
const spread = ({ p50, p95, p99 }: Telemetry['inferenceMs']): ReactNode => (
  <>
    {ms(p50)} / {ms(p95)} / {ms(p99)} <small>{t('ms')}</small>
  </>
);

interface FactProps {
  label: string;
  note?: string;
  title?: string;
  children: ReactNode;
}

function Fact({ label, note, title, children }: FactProps) {
  return (
    <div title={title}>
      <dt>
        {label} {note ? <small>{note}</small> : null}
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

function Speed({ telemetry }: { telemetry: Telemetry }) {
  return (
    <Panel title={t('Speed')}>
      <dl className={classes.facts}>
        <Fact label={t('Decisions')}>
          {decimal(telemetry.framesPerSecond, 1)} <small>/s</small>
        </Fact>
        <Fact label={t('Inference')} note="p50 / p95 / p99">
          {spread(telemetry.inferenceMs)}
        </Fact>
        <Fact label={t('Capture to decision')} note="p50 / p95 / p99">
          {spread(telemetry.decisionMs)}
        </Fact>
        <Fact label={t('Dropped')} title={t('Replaced by a newer frame before the model was free')}>
          {integer(telemetry.framesDropped)}
        </Fact>
        <Fact label={t('Processor')}>
          {decimal(telemetry.cpuShare, 2)} <small>{t('cores')}</small>
        </Fact>
        <Fact label={t('Errors')}>
          {integer(telemetry.captureErrors)} <small>{t('capture')}</small> ·{' '}
          {integer(telemetry.inferenceErrors)} <small>{t('inference')}</small>
        </Fact>
      </dl>
    </Panel>
  );
}

function Frames({ device, telemetry }: { device: Device; telemetry: Telemetry }) {
  const alone = decidedAlone(device);
  const { spool, suppressed } = telemetry;
  return (
    <Panel title={t('Frames')}>
      <dl className={classes.facts}>
        <Fact label={t('Decided')}>{integer(telemetry.framesDecided)}</Fact>
        <Fact label={t('Decided alone')}>{alone === null ? '–' : percent(alone, 1)}</Fact>
        <Fact label={t('Flagged')}>{integer(telemetry.framesFlagged)}</Fact>
        <Fact label={t('Uploaded')}>{integer(telemetry.framesUploaded)}</Fact>
        <Fact label={t('Waiting to be sent')}>
          {integer(spool.frames)} <small>{bytes(spool.bytes)}</small>
        </Fact>
        <Fact label={t('Not kept')} title={t('Looked like one just flagged, or a budget was used up')}>
          {integer(suppressed.duplicates)} <small>{t('alike')}</small> · {integer(suppressed.budget)}{' '}
          <small>{t('over budget')}</small>
        </Fact>
        {spool.evicted + spool.corrupt > 0 ? (
          <Fact label={t('Lost on the disk')}>
            {integer(spool.evicted)} <small>{t('for space')}</small> · {integer(spool.corrupt)}{' '}
            <small>{t('damaged')}</small>
          </Fact>
        ) : null}
      </dl>
    </Panel>
  );
}

function Box({ device, telemetry }: { device: Device; telemetry: Telemetry }) {
  const { memory, disk, temperatureCelsius, clockOffsetMs } = telemetry;
  return (
    <Panel title={t('Box')}>
      <dl className={classes.facts}>
        <Fact label={t('Temperature')}>
          {temperatureCelsius === null ? (
            '–'
          ) : (
            <>
              {decimal(temperatureCelsius, 0)} <small>°C</small>
            </>
          )}
        </Fact>
        <Fact label={t('Memory free')}>
          {bytes(memory.availableBytes)}{' '}
          <small>{t('of {{totalBytes}}', { totalBytes: bytes(memory.totalBytes) })}</small>
          <Meter used={memory.totalBytes - memory.availableBytes} total={memory.totalBytes} />
        </Fact>
        <Fact label={t('Disk free')}>
          {bytes(disk.freeBytes)}{' '}
          <small>{t('of {{totalBytes}}', { totalBytes: bytes(disk.totalBytes) })}</small>
          <Meter used={disk.totalBytes - disk.freeBytes} total={disk.totalBytes} />
        </Fact>
        <Fact label={t('Agent’s memory')}>{bytes(telemetry.rssBytes)}</Fact>
        <Fact label={t('Clock')} title={t('Against the fleet server')}>
          {clockOffsetMs === null ? '–' : offset(clockOffsetMs)}
        </Fact>
        <Fact label={t('Running for')}>{duration(telemetry.uptimeSeconds)}</Fact>
        <Fact label={t('Last seen')}>{device.lastSeenAt ? <Ago at={device.lastSeenAt} /> : t('never')}</Fact>
        <Fact label={t('Certificate until')}>{moment(device.certificateExpiresAt)}</Fact>
      </dl>
    </Panel>
  );
}

const offset = (valueMs: number): string => {
  if (Math.abs(valueMs) < 1000) return 'right';
  return `${duration(Math.abs(valueMs) / 1000)} ${valueMs > 0 ? 'ahead' : 'behind'}`;
};

function Meter({ used, total }: { used: number; total: number }) {
  if (total <= 0) return null;
  const share = Math.min(1, Math.max(0, used / total));
  return (
    <span
      className={classes.meter}
      data-tone={share > 0.95 ? 'bad' : share > 0.85 ? 'warn' : 'ok'}
      aria-hidden
    >
      <i style={{ width: `${share * 100}%` }} />
    </span>
  );
}

function Outputs({ telemetry }: { telemetry: Telemetry }) {
  return (
    <Panel title={t('Local outputs')}>
      <div className={pageClasses.scroll}>
        <table className={pageClasses.table}>
          <thead>
            <tr>
              <th>{t('Output')}</th>
              <th className={pageClasses.num}>{t('Delivered')}</th>
              <th className={pageClasses.num}>{t('Failed')}</th>
              <th className={pageClasses.num}>{t('Capture to delivered p50 / p95 / p99')}</th>
            </tr>
          </thead>
          <tbody>
            {telemetry.outputs.map((output) => (
              <tr key={output.name}>
                <td className={pageClasses.strong}>{output.name}</td>
                <td className={pageClasses.num}>{integer(output.delivered)}</td>
                <td className={`${pageClasses.num} ${output.failed > 0 ? classes.bad : ''}`}>
                  {integer(output.failed)}
                </td>
                <td className={pageClasses.num}>{spread(output.latencyMs)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
