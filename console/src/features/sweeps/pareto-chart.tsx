import { t } from '../../i18n/index.js';
import { percent, significant } from '../../ui/format.js';
import { type Point, paretoFront, settingsOf } from './pareto.js';
import classes from './sweeps.module.css';

const width = 640;
const height = 300;
const margin = { left: 56, right: 20, top: 14, bottom: 46 };

/** Balanced accuracy against the time for a frame; the line joins those that no other beats in both. */
export function ParetoChart({ points }: { points: readonly Point[] }) {
  const slowest = Math.max(...points.map(({ latencyMs }) => latencyMs));
  const low = Math.max(0, Math.floor(10 * Math.min(...points.map(({ accuracy }) => accuracy)) - 0.5) / 10);
  const x = (ms: number) => margin.left + (ms / (1.1 * slowest)) * (width - margin.left - margin.right);
  const y = (share: number) =>
    height - margin.bottom - ((share - low) / (1 - low)) * (height - margin.top - margin.bottom);
  const front = paretoFront(points);
  const onFront = new Set(front);
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      className={classes.chart}
      role="img"
      data-testid="sweep-pareto"
      aria-label={t('Fast and accurate: {{front}}', { front: front.map(say).join('; ') })}
    >
      {[low, (low + 1) / 2, 1].map((tick) => (
        <g key={tick}>
          <line x1={margin.left} x2={width - margin.right} y1={y(tick)} y2={y(tick)} data-grid="" />
          <text x={margin.left - 8} y={y(tick) + 4} textAnchor="end">
            {percent(tick)}
          </text>
        </g>
      ))}
      {[0, slowest / 2, slowest].map((tick) => (
        <text key={tick} x={x(tick)} y={height - margin.bottom + 18} textAnchor="middle">
          {tick === 0 ? '0' : t('{{toPrecision}} ms', { toPrecision: significant(tick, 2) })}
        </text>
      ))}
      <text x={(width + margin.left) / 2} y={height - 8} textAnchor="middle">
        {t('Time for a frame')}
      </text>
      <polyline points={front.map((point) => `${x(point.latencyMs)},${y(point.accuracy)}`).join(' ')} />
      {points.map((point) => (
        <circle
          key={say(point)}
          cx={x(point.latencyMs)}
          cy={y(point.accuracy)}
          r={onFront.has(point) ? 6.5 : 4.5}
          data-front={onFront.has(point) ? '' : undefined}
        >
          <title>{say(point)}</title>
        </circle>
      ))}
    </svg>
  );
}

const say = ({ row, latencyMs, accuracy }: Point): string =>
  t('{{name}}, {{settingsOf}}: {{accuracy}} in {{toPrecision}} ms', {
    name: row.name,
    settingsOf: settingsOf(row),
    accuracy: percent(accuracy, 1),
    toPrecision: significant(latencyMs, 3),
  });
