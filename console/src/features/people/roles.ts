import type { Role } from '../../api/types.js';
import { phrase, phrases } from '../../i18n/index.js';

export const roleNames: Record<Role, string> = phrases({
  viewer: 'Viewer',
  operator: 'Operator',
  engineer: 'Engineer',
  admin: 'Admin',
});

export const manyOf: Record<Role, string> = phrases({
  viewer: 'Viewers',
  operator: 'Operators',
  engineer: 'Engineers',
  admin: 'Admins',
});

export const roleItems: { value: Role; label: string }[] = [
  { value: 'viewer', label: phrase('Viewer – sees everything') },
  { value: 'operator', label: phrase('Operator – reviews frames') },
  { value: 'engineer', label: phrase('Engineer – trains models') },
  { value: 'admin', label: phrase('Admin – devices, rollouts, people') },
];
