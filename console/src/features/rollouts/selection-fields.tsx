import { MultiSelect, NumberInput, Select, SimpleGrid } from '@mantine/core';
import type { CreateRollout, Device } from '../../api/types.js';
import { t } from '../../i18n/index.js';

export type Selection = NonNullable<CreateRollout['selection']>;

interface Props {
  devices: readonly Device[];
  selection: Selection;
  onChange: (selection: Selection) => void;
}

const unique = (values: readonly (string | null | undefined)[]): string[] =>
  [...new Set(values.filter((value): value is string => Boolean(value)))].sort();

/** Which devices a rollout goes to: every condition narrows, an empty one is none. */
export function SelectionFields({ devices, selection, onChange }: Props) {
  const set = <K extends keyof Selection>(key: K, value: Selection[K] | undefined) => {
    const { [key]: _, ...others } = selection;
    onChange(value === undefined ? (others as Selection) : { ...selection, [key]: value });
  };
  const several = (
    key: 'sites' | 'tags' | 'hardware' | 'deviceIds',
    label: string,
    data: (string | { value: string; label: string })[],
  ) => (
    <MultiSelect
      size="md"
      label={label}
      placeholder={selection[key]?.length ? '' : t('any')}
      data={data}
      searchable
      clearable
      value={selection[key] ?? []}
      onChange={(values) => set(key, values.length > 0 ? values : undefined)}
      nothingFoundMessage={t('None of the fleet')}
      data-testid={`select-${key}`}
    />
  );
  const hardware = devices.flatMap(({ reported }) => [reported?.hardware.arch, reported?.hardware.model]);
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="md">
      {several('sites', t('Sites'), unique(devices.map(({ site }) => site)))}
      {several('tags', t('Tags'), unique(devices.flatMap(({ tags }) => tags)))}
      {several('hardware', t('Hardware'), unique(hardware))}
      {several(
        'deviceIds',
        t('Devices'),
        devices.map(({ id, name }) => ({ value: id, label: name })),
      )}
      <NumberInput
        label={t('Share of them')}
        placeholder={t('all')}
        min={0.1}
        max={100}
        suffix=" %"
        value={selection.share === undefined ? '' : selection.share * 100}
        onChange={(value) => set('share', Number(value) > 0 ? Number(value) / 100 : undefined)}
      />
      <Select
        label={t('Devices that come later')}
        data={[
          { value: 'leave', label: t('Are left out') },
          { value: 'join', label: t('Join the last group') },
        ]}
        allowDeselect={false}
        value={selection.lateJoiners ?? 'leave'}
        onChange={(value) => set('lateJoiners', value === 'join' ? 'join' : undefined)}
      />
    </SimpleGrid>
  );
}

/** What was chosen, in a few words; null: the whole fleet. */
export function selectionWords(selection: Selection): string | null {
  const { sites, tags, hardware, deviceIds, share, lateJoiners } = selection;
  const parts = [
    ...(sites ? [t('at {{sites}}', { sites: sites.join(t(' or ')) })] : []),
    ...(tags ? [t('tagged {{tags}}', { tags: tags.join(t(' or ')) })] : []),
    ...(hardware ? [t('on {{hardware}}', { hardware: hardware.join(t(' or ')) })] : []),
    ...(deviceIds ? [t('{{deviceIds}} by name', { deviceIds: deviceIds.length })] : []),
    ...(share === undefined ? [] : [t('{{share}} % of them', { share: Math.round(share * 1000) / 10 })]),
    ...(lateJoiners === 'join' ? [t('and who comes later')] : []),
  ];
  return parts.length > 0 ? parts.join(', ') : null;
}
