import { readFile } from 'node:fs/promises';
import type { Device, PlannedDevice } from '../../features/devices/schemas.js';
import type { Command } from '../command.js';
import { csvLine, csvRecords } from '../csv.js';
import { UsageError } from '../exit-status.js';
import { columns } from '../output.js';

const stateOf = (device: Device): string =>
  device.revokedAt ? 'revoked' : device.online ? 'online' : 'offline';
const modelOf = (device: Device): string => device.reported?.model?.version ?? '';

const planned = ({ name = '', site, tags }: Record<string, string>): PlannedDevice => ({
  name,
  ...(site ? { site } : {}),
  ...(tags ? { tags: tags.split('|').map((tag) => tag.trim()) } : {}),
});

export const devices: readonly Command[] = [
  {
    words: 'devices list',
    help: 'the fleet',
    async run({ api, output }) {
      const items = await (await api()).listDevices();
      output.table({ items }, ['ID', 'NAME', 'STATE', 'MODEL', 'ALARMS', 'LAST SEEN'], (device) => [
        device.id,
        device.name,
        stateOf(device),
        modelOf(device),
        String(device.alarms.length),
        device.lastSeenAt ?? 'never',
      ]);
    },
  },
  {
    words: 'devices show',
    arguments: ['ID'],
    help: 'one device: what it runs, and what is wrong with it',
    async run({ api, arguments: [id = ''], output }) {
      const device = await (await api()).getDevice(id);
      output.show(device, () =>
        [
          columns(
            ['id', device.id],
            [
              ['name', device.name],
              ['state', stateOf(device)],
              ['site', device.site ?? ''],
              ['tags', device.tags.join(', ')],
              ['model', modelOf(device)],
              ['desired', device.desiredModelVersion ?? ''],
              ['update', device.reported?.update.phase ?? ''],
              ['enrolled', device.enrolledAt],
              ['certificate until', device.certificateExpiresAt],
            ],
          ),
          ...device.alarms.map(({ severity, code, message }) => `${severity} ${code}: ${message}`),
        ].join('\n'),
      );
    },
  },
  {
    words: 'devices label',
    arguments: ['ID'],
    help: 'say where it stands and what it belongs to; what is not named stays',
    options: {
      site: { value: 'SITE', help: 'empty for none' },
      tags: { value: 'TAG,…', help: 'instead of those it has; empty for none' },
    },
    async run({ api, arguments: [id = ''], options, output }) {
      const client = await api();
      const site = options.text('site');
      const tags = options.list('tags');
      if (site === undefined && tags === undefined) throw new UsageError('--site or --tags is needed');
      const before = await client.getDevice(id);
      const device = await client.request<Device>('PUT', `/devices/${encodeURIComponent(id)}/labels`, {
        site: site === undefined ? before.site : site || null,
        tags: tags ?? before.tags,
      });
      output.show(device, () => columns(['site', device.site ?? ''], [['tags', device.tags.join(', ')]]));
    },
  },
  {
    words: 'devices enrol',
    arguments: ['NAME'],
    help: 'a claim token, with which one device may enrol under this name',
    options: { 'valid-minutes': { value: 'N', help: 'how long; 60 by default' } },
    async run({ api, arguments: [name = ''], options, output }) {
      const claim = await (await api()).createClaimToken(name, options.number('valid-minutes'));
      output.show(claim, () =>
        columns(
          ['token', claim.token],
          [
            ['enrolUrl', claim.enrolUrl],
            ['until', claim.expiresAt],
          ],
        ),
      );
    },
  },
  {
    words: 'devices enrol-list',
    arguments: ['FILE'],
    help: 'claim tokens for a CSV with the column name, and site and tags (parted by |) where wanted, as CSV',
    options: { 'valid-minutes': { value: 'N', help: 'how long; a day by default' } },
    async run({ api, arguments: [path = ''], options, output }) {
      const devices = csvRecords(await readFile(path, 'utf8'), ['name']).map(planned);
      const validMinutes = options.number('valid-minutes');
      const list = await (await api()).createClaimTokens({
        devices,
        ...(validMinutes === undefined ? {} : { validMinutes }),
      });
      const { enrolUrl, expiresAt, items } = list;
      output.print(
        output.json
          ? `${JSON.stringify(list, null, 2)}\n`
          : csvLine(['name', 'enrol_url', 'claim_token', 'until']) +
              items.map(({ name, token }) => csvLine([name, enrolUrl, token, expiresAt])).join(''),
      );
    },
  },
  {
    words: 'devices revoke',
    arguments: ['ID'],
    help: 'refuse the certificate of a device from now on and drop its connection',
    async run({ api, arguments: [id = ''], output }) {
      const device = await (await api()).revokeDevice(id);
      output.show(device, () => `${device.id} is revoked.`);
    },
  },
  {
    words: 'devices export',
    help: 'the fleet as CSV',
    async run({ api, output }) {
      const items = await (await api()).listDevices();
      output.print(
        output.json
          ? `${JSON.stringify({ items }, null, 2)}\n`
          : csvLine(['id', 'name', 'state', 'model', 'enrolled', 'certificate_until', 'last_seen']) +
              items
                .map((device) =>
                  csvLine([
                    device.id,
                    device.name,
                    stateOf(device),
                    modelOf(device),
                    device.enrolledAt,
                    device.certificateExpiresAt,
                    device.lastSeenAt ?? '',
                  ]),
                )
                .join(''),
      );
    },
  },
];
