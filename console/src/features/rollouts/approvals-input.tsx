import { MultiSelect } from '@mantine/core';
import type { ApproverRole } from '../../api/types.js';

const roles: { value: ApproverRole; label: string }[] = [
  { value: 'operator', label: 'Operator' },
  { value: 'engineer', label: 'Engineer' },
  { value: 'admin', label: 'Admin' },
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
    data={roles}
    placeholder={value.length === 0 ? 'nobody' : ''}
    value={value}
    onChange={(chosen) => onChange(roles.map((role) => role.value).filter((role) => chosen.includes(role)))}
  />
);
