import { UsageError } from './exit-status.js';

const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** RFC 4180 with LF. */
export const csvLine = (cells: readonly string[]): string => `${cells.map(quoted).join(',')}\n`;

/** Rows of a CSV text (RFC 4180), quotes and line ends inside quotes included; empty lines are left out. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
  const body = text.replace(/^\ufeff/, '');
  while (cell.lastIndex < body.length) {
    const line = rows.length + 1;
    const match = cell.exec(body);
    if (!match) throw new UsageError(`row ${line} of the CSV cannot be read`);
    row.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === ',' && cell.lastIndex < body.length) continue;
    if (match[3] === ',') row.push('');
    if (row.some((part) => part.trim() !== '')) rows.push(row);
    row = [];
  }
  return rows;
}

/**
 * Rows by the names of their columns, which the first row gives.
 * @throws UsageError where a column of `needed` is not there
 */
export function csvRecords(text: string, needed: readonly string[]): Record<string, string>[] {
  const [head = [], ...rows] = parseCsv(text);
  const names = head.map((name) => name.trim().toLowerCase());
  const missing = needed.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new UsageError(`the CSV has no column ${missing.join(', ')}`);
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, (row[at] ?? '').trim()])));
}
