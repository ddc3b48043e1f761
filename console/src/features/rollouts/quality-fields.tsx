import { NumberInput, SimpleGrid } from '@mantine/core';
import classes from '../../ui/page.module.css';
import { type ConditionKind, conditionLabels, type Quality, usualQuality } from './plan.js';

const kinds: { kind: ConditionKind; description: string }[] = [
  { kind: 'disagreement', description: 'The champion decides otherwise, up to' },
  { kind: 'class_share', description: 'The share of any class may move by' },
  { kind: 'confidence', description: 'The mean may fall by' },
  { kind: 'flag_rate', description: 'The share may rise by' },
  { kind: 'latency', description: 'p95, up to so many times that of before' },
  { kind: 'golden', description: 'Devices on which they fail, up to' },
];

interface Props {
  quality: Quality | undefined;
  onChange: (quality: Quality | undefined) => void;
}

/** What the model has to be like in the field; an empty limit watches nothing. */
export function QualityFields({ quality, onChange }: Props) {
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
        What the model has to be like in the field, beside the champion. A condition that fails pauses the
        rollout.
      </p>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md">
        {kinds.map(({ kind, description }) => {
          const limit = conditions.find((each) => each.kind === kind)?.limit;
          const shown = kind === 'latency' ? limit : limit && Math.round(limit * 1000) / 10;
          return (
            <NumberInput
              key={kind}
              label={conditionLabels[kind]}
              description={description}
              placeholder="not watched"
              min={kind === 'latency' ? 1 : 0.1}
              max={kind === 'latency' ? 100 : 99}
              suffix={kind === 'latency' ? ' times' : ' %'}
              value={shown ?? ''}
              onChange={(value) => set(kind, value)}
            />
          );
        })}
        {common('observations', {
          ...{ label: 'Observations', description: 'Each condition needs so many', suffix: '' },
          ...{ factor: 1, min: 0, max: 100_000 },
        })}
        {common('apartSeconds', {
          ...{ label: 'One observation', description: 'What a device shows within', suffix: ' s' },
          ...{ factor: 1, min: 1, max: 3600 },
        })}
        {common('falseAlarm', {
          ...{ label: 'False alarms', description: 'A good model fails with at most', suffix: ' %' },
          ...{ factor: 100, min: 0.001, max: 20 },
        })}
      </SimpleGrid>
    </div>
  );
}
