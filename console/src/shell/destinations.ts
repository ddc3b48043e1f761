import {
  IconBook2,
  IconBox,
  IconBrain,
  IconChecklist,
  IconDeviceCctv,
  IconHistory,
  IconPhoto,
  IconRocket,
  IconTransfer,
  IconUsers,
} from '@tabler/icons-react';
import type { Role } from '../api/types.js';

/** Where one can go, in the order of the loop; `least` hides what a role may not do. */
export const destinations = [
  { to: '/', label: 'Fleet', icon: IconDeviceCctv, least: 'viewer' },
  { to: '/review', label: 'Review', icon: IconChecklist, least: 'operator' },
  { to: '/label-book', label: 'Label book', icon: IconBook2, least: 'viewer' },
  { to: '/dataset', label: 'Dataset', icon: IconPhoto, least: 'viewer' },
  { to: '/data', label: 'Transfer', icon: IconTransfer, least: 'viewer' },
  { to: '/training', label: 'Training', icon: IconBrain, least: 'viewer' },
  { to: '/models', label: 'Models', icon: IconBox, least: 'viewer' },
  { to: '/rollouts', label: 'Rollouts', icon: IconRocket, least: 'viewer' },
  { to: '/people', label: 'People', icon: IconUsers, least: 'admin' },
  { to: '/audit', label: 'Audit', icon: IconHistory, least: 'admin' },
] as const satisfies readonly { to: string; label: string; icon: typeof IconBox; least: Role }[];
