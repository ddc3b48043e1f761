import type { Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Trans } from '../../i18n/trans.js';
import { decimal } from '../../ui/format.js';
import pageClasses from '../../ui/page.module.css';

type Trial = NonNullable<NonNullable<NonNullable<Device['reported']>['model']>['trial']>;

const ms = (value: number): string => decimal(value, value < 10 ? 1 : 0);

/** Which form of the model decides on the device, and how the one of fewer bits did beside it there. */
export function VariantLine({ variant, trial }: { variant: string; trial: Trial | undefined }) {
  return (
    <span data-testid="device-variant">
      <Trans i18nKey={'as <b>{{variant}}</b>'} values={{ variant }} components={{ b: <b /> }} />
      {trial ? <small className={pageClasses.dim}> {wordsOf(trial)}</small> : null}
    </span>
  );
}

function wordsOf({ variant, serves, agreement, latencyMs, reason }: Trial): string {
  const measured = [
    ...(agreement
      ? [t('{{same}} of {{frames}} golden frames alike', { same: agreement.same, frames: agreement.frames })]
      : []),
    ...(latencyMs
      ? [
          t('{{variant}} ms, in float {{model}} ms', {
            variant: ms(latencyMs.variant),
            model: ms(latencyMs.model),
          }),
        ]
      : []),
  ].join(', ');
  if (serves) return measured;
  return t('not {{variant}}: {{why}}', { variant, why: [reason, measured].filter(Boolean).join('; ') });
}
