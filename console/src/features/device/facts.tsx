import type { ReactNode } from 'react';
import type { Device, Telemetry } from '../../api/types.js';
import { Ago } from '../../ui/clock.js';
import { bytes, duration, integer, moment, percent } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { decidedAlone } from '../fleet/health.js';
import classes from './device.module.css';

/** Figures of the last telemetry, by what a person asks: how fast, what became of the frames, how is the box. */
export function Facts({ device }: { device: Device }) {
  const { telemetry } = device;
  if (!telemetry) {
    return (
      <Panel title="Figures">
        <p className={pageClasses.dim}>The device has not sent any figures yet.</p>
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

const ms = (value: number): string => (value < 10 ? value.toFixed(1) : Math.round(value).toString());
const spread = ({ p50, p95, p99 }: Telemetry['inferenceMs']): ReactNode => (
  <>
    {ms(p50)} / {ms(p95)} / {ms(p99)} <small>ms</small>
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
    <Panel title="Speed">
      <dl className={classes.facts}>
        <Fact label="Decisions">
          {telemetry.framesPerSecond.toFixed(1)} <small>/s</small>
        </Fact>
        <Fact label="Inference" note="p50 / p95 / p99">
          {spread(telemetry.inferenceMs)}
        </Fact>
        <Fact label="Capture to decision" note="p50 / p95 / p99">
          {spread(telemetry.decisionMs)}
        </Fact>
        <Fact label="Dropped" title="Replaced by a newer frame before the model was free">
          {integer(telemetry.framesDropped)}
        </Fact>
        <Fact label="Processor">
          {telemetry.cpuShare.toFixed(2)} <small>cores</small>
        </Fact>
        <Fact label="Errors">
          {integer(telemetry.captureErrors)} <small>capture</small> · {integer(telemetry.inferenceErrors)}{' '}
          <small>inference</small>
        </Fact>
      </dl>
    </Panel>
  );
}

function Frames({ device, telemetry }: { device: Device; telemetry: Telemetry }) {
  const alone = decidedAlone(device);
  const { spool, suppressed } = telemetry;
  return (
    <Panel title="Frames">
      <dl className={classes.facts}>
        <Fact label="Decided">{integer(telemetry.framesDecided)}</Fact>
        <Fact label="Decided alone">{alone === null ? '–' : percent(alone, 1)}</Fact>
        <Fact label="Flagged">{integer(telemetry.framesFlagged)}</Fact>
        <Fact label="Uploaded">{integer(telemetry.framesUploaded)}</Fact>
        <Fact label="Waiting to be sent">
          {integer(spool.frames)} <small>{bytes(spool.bytes)}</small>
        </Fact>
        <Fact label="Not kept" title="Looked like one just flagged, or a budget was used up">
          {integer(suppressed.duplicates)} <small>alike</small> · {integer(suppressed.budget)}{' '}
          <small>over budget</small>
        </Fact>
        {spool.evicted + spool.corrupt > 0 ? (
          <Fact label="Lost on the disk">
            {integer(spool.evicted)} <small>for space</small> · {integer(spool.corrupt)}{' '}
            <small>damaged</small>
          </Fact>
        ) : null}
      </dl>
    </Panel>
  );
}

function Box({ device, telemetry }: { device: Device; telemetry: Telemetry }) {
  const { memory, disk, temperatureCelsius, clockOffsetMs } = telemetry;
  return (
    <Panel title="Box">
      <dl className={classes.facts}>
        <Fact label="Temperature">
          {temperatureCelsius === null ? (
            '–'
          ) : (
            <>
              {temperatureCelsius.toFixed(0)} <small>°C</small>
            </>
          )}
        </Fact>
        <Fact label="Memory free">
          {bytes(memory.availableBytes)} <small>of {bytes(memory.totalBytes)}</small>
          <Meter used={memory.totalBytes - memory.availableBytes} total={memory.totalBytes} />
        </Fact>
        <Fact label="Disk free">
          {bytes(disk.freeBytes)} <small>of {bytes(disk.totalBytes)}</small>
          <Meter used={disk.totalBytes - disk.freeBytes} total={disk.totalBytes} />
        </Fact>
        <Fact label="Agent’s memory">{bytes(telemetry.rssBytes)}</Fact>
        <Fact label="Clock" title="Against the fleet server">
          {clockOffsetMs === null ? '–' : offset(clockOffsetMs)}
        </Fact>
        <Fact label="Running for">{duration(telemetry.uptimeSeconds)}</Fact>
        <Fact label="Last seen">{device.lastSeenAt ? <Ago at={device.lastSeenAt} /> : 'never'}</Fact>
        <Fact label="Certificate until">{moment(device.certificateExpiresAt)}</Fact>
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
    <Panel title="Local outputs">
      <div className={pageClasses.scroll}>
        <table className={pageClasses.table}>
          <thead>
            <tr>
              <th>Output</th>
              <th className={pageClasses.num}>Delivered</th>
              <th className={pageClasses.num}>Failed</th>
              <th className={pageClasses.num}>Capture to delivered p50 / p95 / p99</th>
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
