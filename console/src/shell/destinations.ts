import {
  IconBook2,
  IconBox,
  IconBrain,
  IconChecklist,
  IconDeviceCctv,
  IconPhoto,
  IconRocket,
  IconUsers,
} from '@tabler/icons-react';
import type { Role } from '../api/types.js';
import { phrase } from '../i18n/index.js';

interface Destination {
  to: string;
  label: string;
  icon: typeof IconBox;
  least: Role;
  /** Pages of its own, named above each of them. The first one is where it leads. */
  tabs?: readonly { to: string; label: string }[];
}

/** Where one can go, in the order of the loop and in groups; `least` hides what a role may not do. */
export const destinations = [
  [{ to: '/', label: phrase('Fleet'), icon: IconDeviceCctv, least: 'viewer' }],
  [
    { to: '/review', label: phrase('Review'), icon: IconChecklist, least: 'operator' },
    { to: '/label-book', label: phrase('Label book'), icon: IconBook2, least: 'viewer' },
  ],
  [
    {
      to: '/dataset',
      label: phrase('Dataset'),
      icon: IconPhoto,
      least: 'viewer',
      tabs: [
        { to: '/dataset', label: phrase('Frames') },
        { to: '/dataset/versions', label: phrase('Versions') },
        { to: '/dataset/transfer', label: phrase('Import and export') },
      ],
    },
    { to: '/training', label: phrase('Training'), icon: IconBrain, least: 'viewer' },
    { to: '/models', label: phrase('Models'), icon: IconBox, least: 'viewer' },
    { to: '/rollouts', label: phrase('Rollouts'), icon: IconRocket, least: 'viewer' },
  ],
  [
    {
      to: '/people',
      label: phrase('Admin'),
      icon: IconUsers,
      least: 'admin',
      tabs: [
        { to: '/people', label: phrase('People') },
        { to: '/audit', label: phrase('Audit') },
      ],
    },
  ],
] as const satisfies readonly (readonly Destination[])[];

const beneath = (path: string, to: string): boolean => path === to || path.startsWith(`${to}/`);

type Section = (typeof destinations)[number][number];
export type Tabs = Extract<Section, { tabs: unknown }>['tabs'];

/** Whether a page belongs to a destination. */
export const isWithin = (path: string, section: Section): boolean =>
  section.to === '/'
    ? path === '/' || beneath(path, '/fleet')
    : 'tabs' in section
      ? section.tabs.some(({ to }) => beneath(path, to))
      : beneath(path, section.to);

/** The pages beside this one; null: it has none. */
export function tabsOf(path: string): Tabs | null {
  const section = destinations.flat().find((each) => isWithin(path, each));
  return section && 'tabs' in section ? section.tabs : null;
}

/** The tab that a page is under: the longest address that it begins with. */
export const tabOf = (path: string, tabs: Tabs): string | undefined =>
  tabs
    .map(({ to }) => to)
    .filter((to) => beneath(path, to))
    .toSorted((a, b) => b.length - a.length)[0];
