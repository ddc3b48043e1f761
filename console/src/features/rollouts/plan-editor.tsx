import { ActionIcon, Button, Group, NumberInput, Select, TextInput } from '@mantine/core';
import { IconAdjustments, IconPlus, IconTrash } from '@tabler/icons-react';
import { Fragment, useState } from 'react';
import { t } from '../../i18n/index.js';
import classes from '../../ui/page.module.css';
import { GateDetails } from './gate-details.js';
import { addedGroup, type Gate, type GroupSize, type Plan, type PlannedGroup } from './plan.js';
import styles from './plan.module.css';

/** Groups in the order in which they are told, each with its gate; the last takes the rest. */
export function PlanEditor({ plan, onChange }: { plan: Plan; onChange: (plan: Plan) => void }) {
  const [open, setOpen] = useState<number | null>(null);
  const change = (index: number, group: PlannedGroup) =>
    onChange(plan.map((each, at) => (at === index ? group : each)));
  const add = () => onChange([...plan.slice(0, -1), addedGroup(plan), ...plan.slice(-1)]);
  return (
    <div data-testid="plan-editor">
      <div className={classes.scroll}>
        <table className={`${classes.table} ${styles.plan}`}>
          <thead>
            <tr>
              <th className={styles.name}>{t('Group')}</th>
              <th>{t('Devices')}</th>
              <th>{t('Through when confirmed')}</th>
              <th>{t('Failures up to')}</th>
              <th>{t('Soak')}</th>
              <th>
                <span className={styles.unseen}>{t('More of the gate, remove')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {plan.map((group, index) => (
              // Rows have no identity but their place.
              // biome-ignore lint/suspicious/noArrayIndexKey: see above
              <Fragment key={index}>
                <GroupRow
                  group={group}
                  isOpen={open === index}
                  onToggle={() => setOpen(open === index ? null : index)}
                  onChange={(changed) => change(index, changed)}
                  onRemove={
                    index < plan.length - 1
                      ? () => {
                          setOpen(null);
                          onChange(plan.filter((_, at) => at !== index));
                        }
                      : null
                  }
                />
                {open === index ? (
                  <tr className={styles.details}>
                    <td colSpan={6}>
                      <GateDetails gate={group.gate} onChange={(gate) => change(index, { ...group, gate })} />
                    </td>
                  </tr>
                ) : null}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      <Button
        variant="default"
        size="md"
        mt="sm"
        leftSection={<IconPlus size={18} />}
        onClick={add}
        data-testid="plan-add"
      >
        {t('Add a group before the last')}
      </Button>
    </div>
  );
}

interface RowProps {
  group: PlannedGroup;
  isOpen: boolean;
  onToggle: () => void;
  onChange: (group: PlannedGroup) => void;
  onRemove: (() => void) | null;
}

function GroupRow({ group, isOpen, onToggle, onChange, onRemove }: RowProps) {
  const { name, size, gate } = group;
  const changeGate = (changed: Partial<Gate>) => onChange({ ...group, gate: { ...gate, ...changed } });
  const { any } = gate.errors;
  return (
    <tr>
      <td>
        <TextInput
          aria-label={t('Name of the group')}
          value={name}
          maxLength={60}
          error={name.trim() === ''}
          onChange={(event) => onChange({ ...group, name: event.currentTarget.value })}
        />
      </td>
      <td data-label={t('Devices')}>
        <SizeFields size={size} onChange={(changed) => onChange({ ...group, size: changed })} />
      </td>
      <td data-label={t('Through when confirmed')}>
        <SuccessFields success={gate.success} onChange={(success) => changeGate({ success })} />
      </td>
      <td data-label={t('Failures up to')}>
        <NumberInput
          aria-label={t('Failures up to, percent')}
          placeholder={t('no limit')}
          hideControls
          min={0}
          max={100}
          suffix=" %"
          value={any === null ? '' : any.share * 100}
          onChange={(value) =>
            changeGate({
              errors: {
                ...gate.errors,
                any: value === '' ? null : { share: Number(value) / 100, sample: any?.sample ?? 1 },
              },
            })
          }
        />
      </td>
      <td data-label={t('Soak')}>
        <NumberInput
          aria-label={t('Soak, minutes')}
          hideControls
          min={0}
          max={43_200}
          suffix=" min"
          value={gate.soakSeconds / 60}
          onChange={(value) => changeGate({ soakSeconds: Math.round(Number(value) * 60) })}
        />
      </td>
      <td>
        <Group gap={4} wrap="nowrap" justify="flex-end">
          <ActionIcon
            variant={isOpen ? 'filled' : 'default'}
            size={42}
            onClick={onToggle}
            aria-expanded={isOpen}
            aria-label={t('More of the gate of {{name}}', { name })}
          >
            <IconAdjustments size={20} />
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={42}
            disabled={onRemove === null}
            onClick={() => onRemove?.()}
            aria-label={t('Remove {{name}}', { name })}
          >
            <IconTrash size={20} />
          </ActionIcon>
        </Group>
      </td>
    </tr>
  );
}

function SizeFields({ size, onChange }: { size: GroupSize; onChange: (size: GroupSize) => void }) {
  if (size.kind === 'rest') return <span className={classes.dim}>{t('all that are left')}</span>;
  const value = size.kind === 'devices' ? size.devices : size.share * 100;
  const set = (kind: string, value: number) =>
    onChange(
      kind === 'devices'
        ? { kind: 'devices', devices: Math.max(1, Math.round(value)) }
        : { kind: 'share', share: Math.min(100, Math.max(0.1, value)) / 100 },
    );
  return (
    <Amount
      name={t('Size')}
      value={value}
      kind={size.kind}
      kinds={[
        { value: 'devices', label: t('devices') },
        { value: 'share', label: '%' },
      ]}
      onChange={set}
    />
  );
}

type Success = Gate['success'];

function SuccessFields({ success, onChange }: { success: Success; onChange: (success: Success) => void }) {
  const value =
    success.kind === 'settled' ? null : success.kind === 'devices' ? success.devices : success.share * 100;
  const set = (kind: string, value: number) => {
    if (kind === 'settled') return onChange({ kind });
    return onChange(
      kind === 'devices'
        ? { kind: 'devices', devices: Math.max(1, Math.round(value)) }
        : { kind: 'share', share: Math.min(100, Math.max(1, value)) / 100 },
    );
  };
  return (
    <Amount
      name={t('Confirmed')}
      value={value}
      kind={success.kind}
      kinds={[
        { value: 'share', label: '%' },
        { value: 'devices', label: t('devices') },
        { value: 'settled', label: t('all through') },
      ]}
      onChange={set}
    />
  );
}

function Amount(props: {
  name: string;
  /** Null: the kind has none. */
  value: number | null;
  kind: string;
  kinds: { value: string; label: string }[];
  onChange: (kind: string, value: number) => void;
}) {
  const { name, value, kind, kinds, onChange } = props;
  return (
    <div className={styles.amount}>
      {value === null ? null : (
        <NumberInput
          aria-label={name}
          hideControls
          min={0}
          decimalScale={1}
          value={Math.round(value * 10) / 10}
          onChange={(changed) => onChange(kind, Number(changed) || 0)}
        />
      )}
      <Select
        aria-label={t('{{name}}, unit', { name })}
        data={kinds}
        value={kind}
        allowDeselect={false}
        onChange={(changed) => changed && onChange(changed, changed === 'devices' ? 1 : 10)}
      />
    </div>
  );
}
