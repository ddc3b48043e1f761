import { MultiSelect } from '@mantine/core';
import type { ApproverRole } from '../../api/types.js';
import { choices, phrase, t } from '../../i18n/index.js';

const roles: { value: ApproverRole; label: string }[] = [
  { value: 'operator', label: phrase('Operator') },
  { value: 'engineer', label: phrase('Engineer') },
  { value: 'admin', label: phrase('Admin') },
];

interface Props {
  label: string;
  description: string;
  disabled?: boolean;
  value: ApproverRole[];
  onChange: (value: ApproverRole[]) => void;
}

export const ApprovalsInput = ({ value, onChange, ...rest }: Props) => (
  <MultiSelect
    {...rest}
    size="md"
    data={choices(roles)}
    placeholder={value.length === 0 ? t('nobody') : ''}
    value={value}
    onChange={(chosen) => onChange(roles.map((role) => role.value).filter((role) => chosen.includes(role)))}
  />
);
