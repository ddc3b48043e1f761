import type { AuditEntry } from '../../features/audit/schemas.js';
import { auditVerifyCommand } from '../audit-verify.js';
import type { Command } from '../command.js';
import { orInterrupted } from '../exit-status.js';

const narrowing = {
  text: { value: 'WORDS', help: 'each part of who, what, on what, or the detail' },
  actor: { value: 'EMAIL', help: 'who did it' },
  action: { value: 'ACTION', help: 'such as rollout.start, or rollout for all of them' },
  from: { value: 'TIME', help: 'at or after, ISO 8601' },
  until: { value: 'TIME', help: 'before' },
} as const;
const usualMost = 100;

export const audit: readonly Command[] = [
  {
    words: 'audit list',
    help: 'who did what, newest first',
    options: { ...narrowing, most: { value: 'N', help: `so many entries at the most (${usualMost})` } },
    async run({ api, options, output, signal }) {
      const query = new URLSearchParams();
      for (const name of Object.keys(narrowing)) {
        const value = options.text(name);
        if (value) query.set(name, value);
      }
      const most = options.number('most') ?? usualMost;
      const items: AuditEntry[] = [];
      for await (const entry of (await api()).listAudit(query.size > 0 ? `&${query}` : '')) {
        orInterrupted(signal);
        if (!(items.length < most)) break;
        items.push(entry);
      }
      output.table({ items }, ['AT', 'WHO', 'ACTION', 'ON', 'DETAIL'], (entry) => [
        ...[entry.at, entry.actor, entry.action, entry.subject],
        JSON.stringify(entry.detail),
      ]);
    },
  },
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
