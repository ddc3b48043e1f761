import type { Db } from '../../db/database.js';
import { issuesAfter, type TransferRow } from './repository.js';

const pageLength = 1000;

/** A spreadsheet must not take a file name for a formula. */
const cell = (text: string): string =>
  `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

/** CSV (RFC 4180): what of an import did not go in or not as it was, then what its format carries that is not taken over. */
export async function* importReport(db: Db, transfer: TransferRow): AsyncGenerator<string> {
  yield 'name,code,message\r\n';
  for (let after: { line: number; part: number } | null = null; ; ) {
    const page = await issuesAfter(db, transfer.id, after, pageLength);
    for (const { name, code, message } of page) yield `${[name, code, message].map(cell).join(',')}\r\n`;
    const last = page.at(-1);
    if (!last || page.length < pageLength) break;
    after = last;
  }
  for (const [field, times] of Object.entries(transfer.contents?.ignored ?? {})) {
    yield `${[field, 'not_taken_over', `Met ${times} times.`].map(cell).join(',')}\r\n`;
  }
}
