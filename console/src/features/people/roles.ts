import type { Role } from '../../api/types.js';

export const roleNames: Record<Role, string> = {
  viewer: 'Viewer',
  operator: 'Operator',
  engineer: 'Engineer',
  admin: 'Admin',
};

export const roleItems: { value: Role; label: string }[] = [
  { value: 'viewer', label: 'Viewer – sees everything' },
  { value: 'operator', label: 'Operator – reviews frames' },
  { value: 'engineer', label: 'Engineer – trains models' },
  { value: 'admin', label: 'Admin – devices, rollouts, people' },
];
