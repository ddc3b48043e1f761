import type { Device } from '../../api/types.js';
import pageClasses from '../../ui/page.module.css';

type Trial = NonNullable<NonNullable<NonNullable<Device['reported']>['model']>['trial']>;

const ms = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

/** Which form of the model decides on the device, and how the one of fewer bits did beside it there. */
export function VariantLine({ variant, trial }: { variant: string; trial: Trial | undefined }) {
  return (
    <span data-testid="device-variant">
      as <b>{variant}</b>
      {trial ? <small className={pageClasses.dim}> {wordsOf(trial)}</small> : null}
    </span>
  );
}

function wordsOf({ variant, serves, agreement, latencyMs, reason }: Trial): string {
  const measured = [
    ...(agreement ? [`${agreement.same} of ${agreement.frames} golden frames alike`] : []),
    ...(latencyMs ? [`${ms(latencyMs.variant)} ms, in float ${ms(latencyMs.model)} ms`] : []),
  ].join(', ');
  if (serves) return measured;
  return `not ${variant}: ${[reason, measured].filter(Boolean).join('; ')}`;
}
