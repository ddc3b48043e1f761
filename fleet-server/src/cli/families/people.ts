import type { Command } from '../command.js';
import { UsageError } from '../exit-status.js';
import { rescue } from '../rescue.js';

export const people: readonly Command[] = [
  {
    words: 'people list',
    help: 'who may sign in',
    async run({ api, output }) {
      const items = await (await api()).listUsers();
      output.table({ items }, ['ID', 'E-MAIL', 'NAME', 'ROLE', 'SECOND FACTOR', 'STATE'], (user) => [
        user.id,
        user.email,
        user.name,
        user.role,
        user.secondFactor ? 'on' : 'off',
        user.disabledAt ? 'disabled' : 'enabled',
      ]);
    },
  },
  {
    words: 'people rescue',
    arguments: ['EMAIL'],
    help: 'a new password, and no second factor, for someone whom no admin can help any more',
    options: { data: { value: 'DIR', help: 'data folder of the fleet server, which must not run' } },
    async run({ arguments: [email = ''], options, environment, output }) {
      const dataDir = options.text('data');
      if (!dataDir) throw new UsageError('--data DIR is needed: the data folder of the fleet server');
      const rescued = await rescue({ dataDir, databaseUrl: environment.DATABASE_URL, email });
      output.show(rescued, () => `${rescued.email} signs in with this password: ${rescued.password}`);
    },
  },
];
