import type { RunAnswers } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { percent } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import classes from './training.module.css';

const size = 300;
const margin = { left: 52, right: 14, top: 12, bottom: 44 };

/** How often answers of a confidence were right: on the diagonal, confidence is what it says. */
export function CalibrationPanel({ answers }: { answers: RunAnswers }) {
  const parts = answers.calibration;
  const lowest = Math.min(...parts.flatMap(({ confidence, right }) => [confidence, right.low ?? 0]));
  const low = Math.min(0.9, Math.floor(lowest * 10) / 10);
  const share = (value: number) => (value - low) / (1 - low);
  const x = (value: number) => margin.left + share(value) * (size - margin.left - margin.right);
  const y = (value: number) => size - margin.bottom - share(value) * (size - margin.top - margin.bottom);
  const ticks = [low, (low + 1) / 2, 1];
  const told = parts.map(({ confidence, right }) =>
    t('{{right}} right at {{confidence}}', {
      right: percent(right.value ?? 0),
      confidence: percent(confidence),
    }),
  );
  return (
    <Panel title={t('Can its confidence be trusted?')}>
      <div className={classes.calibration} data-testid="calibration">
        <svg
          viewBox={`0 0 ${size} ${size}`}
          className={classes.chart}
          role="img"
          aria-label={t('Share of right answers by confidence: {{told}}', { told: told.join(', ') })}
        >
          {ticks.map((tick) => (
            <g key={tick}>
              <line x1={margin.left} x2={size - margin.right} y1={y(tick)} y2={y(tick)} data-grid="" />
              <text x={margin.left - 8} y={y(tick) + 4} textAnchor="end">
                {percent(tick)}
              </text>
              <text x={x(tick)} y={size - margin.bottom + 18} textAnchor={tick === 1 ? 'end' : 'middle'}>
                {percent(tick)}
              </text>
            </g>
          ))}
          <line x1={x(low)} y1={y(low)} x2={x(1)} y2={y(1)} data-ideal="" />
          {parts.map(({ confidence, right, frames }) => (
            <g key={confidence}>
              <line
                x1={x(confidence)}
                x2={x(confidence)}
                y1={y(right.low ?? low)}
                y2={y(right.high ?? 1)}
                data-bar=""
              />
              <circle cx={x(confidence)} cy={y(right.value ?? low)} r={4.5}>
                <title>
                  {t('{{right}} of {{frames}} right at a confidence of {{confidence}}', {
                    right: percent(right.value ?? 0),
                    frames,
                    confidence: percent(confidence),
                  })}
                </title>
              </circle>
            </g>
          ))}
          <text x={(margin.left + size - margin.right) / 2} y={size - 6} textAnchor="middle">
            {t('confidence')}
          </text>
        </svg>
        <p>
          {t(
            'Each point is an equal part of the frames, from the least sure to the surest: across what the model said, up how many of them it had right, with the 95% interval. On the broken line, confidence is what it says; below it, the model is too sure of itself.',
          )}
        </p>
      </div>
    </Panel>
  );
}
