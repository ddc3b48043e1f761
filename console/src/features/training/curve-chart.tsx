import type { LearningCurve } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer, percent } from '../../ui/format.js';
import classes from './training.module.css';

const width = 460;
const height = 220;
const margin = { left: 52, right: 16, top: 12, bottom: 34 };

/** A floor of round tens under the lowest bar, so that the curve has room and the axis is honest about where it starts. */
const floorUnder = (lowest: number): number => Math.min(0.9, Math.max(0, Math.floor(lowest * 10) / 10));

/** Balanced accuracy by number of labels, with bars of twice the standard error. */
export function CurveChart({ points }: { points: LearningCurve['points'] }) {
  const low = floorUnder(Math.min(...points.map((point) => point.balancedAccuracy - 2 * point.error)));
  const most = Math.max(...points.map(({ frames }) => frames));
  const x = (frames: number) => margin.left + (frames / most) * (width - margin.left - margin.right);
  const y = (share: number) =>
    height -
    margin.bottom -
    ((Math.min(1, Math.max(low, share)) - low) / (1 - low)) * (height - margin.top - margin.bottom);
  const ticks = [low, (low + 1) / 2, 1];
  return (
    <svg
      viewBox={`0 0 ${width} ${height}`}
      className={classes.chart}
      role="img"
      aria-label={t('Balanced accuracy: {{points}}', {
        points: points
          .map((point) =>
            t('{{balancedAccuracy}} with {{frames}} labels', {
              balancedAccuracy: percent(point.balancedAccuracy, 1),
              frames: integer(point.frames),
            }),
          )
          .join(', '),
      })}
    >
      {ticks.map((tick) => (
        <g key={tick}>
          <line x1={margin.left} x2={width - margin.right} y1={y(tick)} y2={y(tick)} data-grid="" />
          <text x={margin.left - 8} y={y(tick) + 4} textAnchor="end">
            {percent(tick)}
          </text>
        </g>
      ))}
      <polyline points={points.map((point) => `${x(point.frames)},${y(point.balancedAccuracy)}`).join(' ')} />
      {points.map(({ frames, balancedAccuracy, error }) => (
        <g key={frames}>
          <line
            x1={x(frames)}
            x2={x(frames)}
            y1={y(balancedAccuracy - 2 * error)}
            y2={y(balancedAccuracy + 2 * error)}
            data-bar=""
          />
          <circle cx={x(frames)} cy={y(balancedAccuracy)} r={4.5}>
            <title>
              {t('{{balancedAccuracy}} with {{frames}} labels', {
                balancedAccuracy: percent(balancedAccuracy, 1),
                frames: integer(frames),
              })}
            </title>
          </circle>
          <text x={x(frames)} y={height - 12} textAnchor={frames === most ? 'end' : 'middle'}>
            {integer(frames)}
            {frames === most ? t(' labels') : ''}
          </text>
        </g>
      ))}
    </svg>
  );
}
