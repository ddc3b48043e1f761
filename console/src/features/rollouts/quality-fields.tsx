import { NumberInput, SimpleGrid } from '@mantine/core';
import { phrase, t } from '../../i18n/index.js';
import classes from '../../ui/page.module.css';
import { type ConditionKind, conditionLabels, type Quality, usualQuality } from './plan.js';

const kinds: { kind: ConditionKind; description: string }[] = [
  { kind: 'disagreement', description: phrase('The champion decides otherwise, up to') },
  { kind: 'class_share', description: phrase('The share of any class may move by') },
  { kind: 'confidence', description: phrase('The mean may fall by') },
  { kind: 'flag_rate', description: phrase('The share may rise by') },
  { kind: 'latency', description: phrase('p95, up to so many times that of before') },
  { kind: 'golden', description: phrase('Devices on which they fail, up to') },
];

interface Props {
  quality: Quality | undefined;
  onChange: (quality: Quality | undefined) => void;
  /** Only these; all of them unless told. */
  of?: readonly ConditionKind[];
  /** What they are for. */
  words?: string;
}

/** What the model has to be like in the field; an empty limit watches nothing. */
export function QualityFields({ quality, onChange, of, words }: Props) {
  const conditions = quality?.conditions ?? [];
  const set = (kind: ConditionKind, value: string | number) => {
    const others = conditions.filter((each) => each.kind !== kind);
    const limit = kind === 'latency' ? Number(value) : Number(value) / 100;
    const next = value === '' || limit <= 0 ? others : [...others, { kind, limit }];
    onChange(next.length > 0 ? { ...usualQuality, ...quality, conditions: next } : undefined);
  };
  const common = (
    key: 'falseAlarm' | 'observations' | 'apartSeconds',
    props: { label: string; description: string; suffix: string; factor: number; min: number; max: number },
  ) => {
    const { factor, ...shown } = props;
    return (
      <NumberInput
        {...shown}
        disabled={!quality}
        value={quality ? Math.round(quality[key] * factor * 1000) / 1000 : ''}
        onChange={(value) =>
          quality &&
          onChange({ ...quality, [key]: Math.min(props.max, Math.max(props.min, Number(value))) / factor })
        }
      />
    );
  };
  return (
    <div data-testid="quality-fields">
      <p className={classes.dim}>
        {words ??
          t(
            'What the model has to be like in the field, beside the champion. A condition that fails pauses the rollout.',
          )}
      </p>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md">
        {kinds
          .filter(({ kind }) => !of || of.includes(kind))
          .map(({ kind, description }) => {
            const limit = conditions.find((each) => each.kind === kind)?.limit;
            const shown = kind === 'latency' ? limit : limit && Math.round(limit * 1000) / 10;
            return (
              <NumberInput
                key={kind}
                label={t(conditionLabels[kind])}
                description={t(description)}
                placeholder={t('not watched')}
                min={kind === 'latency' ? 1 : 0.1}
                max={kind === 'latency' ? 100 : 99}
                suffix={kind === 'latency' ? t(' times') : ' %'}
                value={shown ?? ''}
                onChange={(value) => set(kind, value)}
              />
            );
          })}
        {common('observations', {
          ...{ label: t('Observations'), description: t('Each condition needs so many'), suffix: '' },
          ...{ factor: 1, min: 0, max: 100_000 },
        })}
        {common('apartSeconds', {
          ...{ label: t('One observation'), description: t('What a device shows within'), suffix: ' s' },
          ...{ factor: 1, min: 1, max: 3600 },
        })}
        {common('falseAlarm', {
          ...{ label: t('False alarms'), description: t('A good model fails with at most'), suffix: ' %' },
          ...{ factor: 100, min: 0.001, max: 20 },
        })}
      </SimpleGrid>
    </div>
  );
}
