import { auditVerifyCommand } from '../audit-verify.js';
import type { Command } from '../command.js';

export const audit: readonly Command[] = [
  {
    words: 'audit verify',
    help: 'compute the chain of the audit log anew; ends with 1 when it is not as it was written',
    options: { kept: { value: 'HASH', help: 'a hash that an earlier run printed' } },
    async run({ api, options, output }) {
      await auditVerifyCommand(await api(), {
        kept: options.text('kept'),
        json: output.json,
        print: (text) => output.print(text),
      });
    },
  },
];
