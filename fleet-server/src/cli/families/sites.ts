import type { Site } from '../../features/sites/schemas.js';
import type { Command } from '../command.js';

const path = (name: string) => `/sites/${encodeURIComponent(name)}`;

export const sites: readonly Command[] = [
  {
    words: 'sites list',
    help: 'where devices stand, with the time zone and who approves rollouts there',
    async run({ api, output }) {
      const answer = await (await api()).request<{ items: Site[] }>('GET', '/sites');
      output.table(answer, ['SITE', 'TIME ZONE', 'APPROVALS', 'DEVICES'], (site) => [
        site.name,
        site.timeZone ?? '',
        site.approvals === null ? 'as the rules say' : site.approvals.join(', ') || 'none',
        String(site.devices),
      ]);
    },
  },
  {
    words: 'sites set',
    arguments: ['SITE', 'ZONE'],
    help: 'its time zone, such as Europe/Berlin',
    options: {
      approvals: { value: 'ROLE,…', help: 'somebody of each approves rollouts there; empty: nobody' },
    },
    async run({ api, arguments: [name = '', timeZone = ''], options, output }) {
      const approvals = options.list('approvals') ?? null;
      const site = await (await api()).request<Site>('PUT', path(name), { timeZone, approvals });
      output.show(site, () => `${site.name}: ${site.timeZone}`);
    },
  },
  {
    words: 'sites forget',
    arguments: ['SITE'],
    help: 'forget what was said of it; its devices keep its name',
    async run({ api, arguments: [name = ''], output }) {
      const answer = await (await api()).request<object>('DELETE', path(name));
      output.show(answer, () => `${name} is forgotten.`);
    },
  },
];
