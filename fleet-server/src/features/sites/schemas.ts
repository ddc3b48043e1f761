import Type, { type Static } from 'typebox';
import { Nothing, Nullable } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { Label } from '../devices/schemas.js';

export const approverRoles = ['operator', 'engineer', 'admin'] as const;
export type ApproverRole = (typeof approverRoles)[number];
export const ApproverRole = Type.Enum(approverRoles);

export const Approvals = Type.Array(ApproverRole, {
  maxItems: approverRoles.length,
  uniqueItems: true,
  description: 'Of each of these roles somebody approves a rollout, other than who staged it',
});

const TimeZone = Type.String({
  maxLength: 64,
  description: 'By its name in the IANA database: Europe/Berlin',
});

export const Plant = Type.Object(
  { timeZone: Nullable(TimeZone) },
  { additionalProperties: false, description: 'timeZone null: everyone reads times in their own' },
);
export type Plant = Static<typeof Plant>;

/** A place where devices stand. Devices say which by its name. */
export const SiteSettings = Type.Object(
  {
    timeZone: TimeZone,
    approvals: Nullable(Approvals),
  },
  { additionalProperties: false, description: 'approvals null: as the rules of rollouts say' },
);
export type SiteSettings = Static<typeof SiteSettings>;

export const Site = Type.Object({
  name: Type.String(),
  timeZone: Nullable(
    Type.String({ description: 'Null: devices name the site, but nobody said anything of it' }),
  ),
  approvals: Nullable(Approvals),
  devices: Type.Integer({ description: 'That stand there' }),
});
export type Site = Static<typeof Site>;

const Named = Type.Object({ name: Label });

export const getPlant = defineRoute({
  method: 'GET',
  url: '/plant',
  tag: 'sites',
  summary: 'In which time zone the console shows times',
  access: 'viewer',
  response: Plant,
});
export const putPlant = defineRoute({
  method: 'PUT',
  url: '/plant',
  tag: 'sites',
  summary: 'Set in which time zone the console shows times',
  access: 'admin',
  body: Plant,
  response: Plant,
});
export const listSites = defineRoute({
  method: 'GET',
  url: '/sites',
  tag: 'sites',
  summary: 'Sites that have settings or devices, by name',
  access: 'viewer',
  response: Type.Object({ items: Type.Array(Site) }),
});
export const putSite = defineRoute({
  method: 'PUT',
  url: '/sites/:name',
  tag: 'sites',
  summary: 'Say in which time zone a site is, and who approves rollouts that touch it',
  access: 'admin',
  params: Named,
  body: SiteSettings,
  response: Site,
});
export const deleteSite = defineRoute({
  method: 'DELETE',
  url: '/sites/:name',
  tag: 'sites',
  summary: 'Forget the settings of a site; its devices keep its name',
  access: 'admin',
  params: Named,
  response: Nothing,
});
