import { readFile } from 'node:fs/promises';
import { writeDurable } from '../../files/durable.js';
import * as ceremony from '../../trust/key-ceremony.js';
import type { KeyStatus } from '../../trust/key-status.js';
import { onlineRoles, roleNames } from '../../trust/tuf-root.js';
import type { Command, Option, Options } from '../command.js';
import { UsageError } from '../exit-status.js';
import { columns } from '../output.js';

const data: Option = { value: 'DIR', help: 'data folder of the fleet server, which must not run' };

const placeOf = (options: Options): ceremony.Place => {
  const dataDir = options.text('data');
  if (!dataDir) throw new UsageError('--data DIR is needed: the data folder of the fleet server');
  return { dataDir, now: Date.now };
};

const inShort = ({ roles, warnings }: KeyStatus): string =>
  [
    columns(
      ['ROLE', 'VERSION', 'EXPIRES', 'SIGN', 'KEYS'],
      roles.map(({ role, version, expires, threshold, keys }) => [
        role,
        String(version),
        expires,
        `${threshold} of ${keys.length}`,
        keys.map(({ id, here }) => `${id.slice(0, 12)} ${here ? 'here' : 'elsewhere'}`).join(', '),
      ]),
    ),
    ...warnings.map(({ code, message }) => `${code}: ${message}`),
  ].join('\n');

/** @throws UsageError for a role that is not one of these */
function rolesIn<T extends string>(names: readonly string[], known: readonly T[]): T[] {
  return names.map((name) => {
    const role = known.find((each) => each === name);
    if (!role) throw new UsageError(`${name}: one of ${known.join(', ')}`);
    return role;
  });
}

const signaturesIn = ({ signatures: { before, own } }: ceremony.Proposal): string =>
  `Signed by ${before.have} of ${before.need} keys of the root in force and ${own.have} of ${own.need} of its own.`;

export const keys: readonly Command[] = [
  {
    words: 'keys status',
    help: 'which keys sign what devices run, where they are, and when what they signed runs out',
    options: { data: { value: 'DIR', help: 'read a data folder instead of asking the server' } },
    async run({ api, options, output }) {
      const status = options.text('data')
        ? await ceremony.readKeyStatus(placeOf(options))
        : await (await api()).request<KeyStatus>('GET', '/trust/keys');
      output.show(status, () => inShort(status));
    },
  },
  {
    words: 'keys init',
    help: 'make keys and the first root before the first start; a server that starts without does it by itself',
    options: { data },
    async run({ options, output }) {
      const status = await ceremony.initCeremony(placeOf(options));
      output.show(status, () => inShort(status));
    },
  },
  {
    words: 'keys export',
    arguments: ['FOLDER'],
    help: 'move root keys from the server to a folder, such as on a stick',
    options: { data, key: { value: 'ID,…', help: 'which; all by default' } },
    async run({ arguments: [folder = ''], options, output }) {
      const moved = await ceremony.exportRootKeys(placeOf(options), folder, options.list('key') ?? []);
      output.show(moved, () => moved.map(({ id, path }) => `${id.slice(0, 12)} ${path}`).join('\n'));
    },
  },
  {
    words: 'keys new',
    arguments: ['FILE'],
    help: 'make a root key on any machine; the public half is printed, and written to FILE.pub',
    async run({ arguments: [path = ''], output }) {
      const made = await ceremony.newKeyFile(path);
      await writeDurable(`${path}.pub`, `${made.publicKey}\n`);
      output.show(made, () => `${made.id.slice(0, 12)} ${made.publicKey}`);
    },
  },
  {
    words: 'keys propose',
    arguments: ['FILE'],
    help: 'write the next root to a file, to be signed; without changes it renews the one in force',
    options: {
      data,
      'add-root': { value: 'FILE,…', help: 'files of public keys' },
      'drop-root': { value: 'ID,…', help: 'root keys that count no more' },
      threshold: { value: 'N', help: 'so many root keys have to sign; at least 2' },
      rotate: { value: 'ROLE,…', help: 'new keys on the server for targets, snapshot, timestamp' },
    },
    async run({ arguments: [path = ''], options, output }) {
      const proposal = await ceremony.propose(placeOf(options), {
        addRoot: await Promise.all((options.list('add-root') ?? []).map(ceremony.readPublicKey)),
        dropRoot: options.list('drop-root') ?? [],
        threshold: options.number('threshold'),
        rotate: rolesIn(options.list('rotate') ?? [], onlineRoles),
      });
      await writeDurable(path, proposal.text);
      const { signatures, complete } = proposal;
      output.show({ file: path, signatures, complete }, () => `${path}\n${signaturesIn(proposal)}`);
    },
  },
  {
    words: 'keys sign',
    arguments: ['FILE'],
    help: 'sign a proposed root with a key, on any machine',
    options: { key: { value: 'FILE', help: 'a root key' } },
    async run({ arguments: [path = ''], options, output }) {
      const key = options.text('key');
      if (!key) throw new UsageError('--key FILE is needed');
      const { text, root } = await ceremony.signProposal(await readFile(path, 'utf8'), key);
      await writeDurable(path, text);
      const { version, expires, roles } = root;
      output.show({ version, expires, roles }, () =>
        [
          `Signed root ${version}, in force until ${expires}, which says:`,
          ...Object.entries(roles).map(
            ([role, { keyIDs, threshold }]) =>
              `${role}: ${threshold} of ${keyIDs.map((id: string) => id.slice(0, 12)).join(', ')}`,
          ),
        ].join('\n'),
      );
    },
  },
  {
    words: 'keys apply',
    arguments: ['FILE'],
    help: 'put a proposed root in force once enough keys have signed it; devices follow',
    options: { data },
    async run({ arguments: [path = ''], options, output }) {
      const status = await ceremony.applyProposal(placeOf(options), await readFile(path, 'utf8'));
      output.show(status, () => inShort(status));
    },
  },
  {
    words: 'keys rotate',
    arguments: ['ROLES'],
    help: 'new keys for root, targets, snapshot or timestamp at once, while enough root keys are on the server',
    options: { data },
    async run({ arguments: [roles = ''], options, output }) {
      const status = await ceremony.rotate(placeOf(options), rolesIn(roles.split(','), roleNames));
      output.show(status, () => inShort(status));
    },
  },
];
