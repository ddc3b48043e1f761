import Papa from 'papaparse';
import { t } from '../../../i18n/index.js';

export const mostDevices = 1000;
const mostTags = 20;
const name = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const label = /^[A-Za-z0-9][A-Za-z0-9 _.:/-]{0,63}$/;

export interface PlannedDevice {
  name: string;
  site: string | null;
  tags: string[];
}

/** A row of the list, and what keeps it from being enrolled; null: nothing. */
export interface ListRow extends PlannedDevice {
  /** As the person counts, headings and empty lines included. */
  line: number;
  problem: string | null;
}

const delimiterOf = (text: string): string => {
  const first = text.split('\n').find((line) => line.trim() !== '') ?? '';
  return ['\t', ',', ';'].find((mark) => first.includes(mark)) ?? ',';
};

const columns = ['name', 'site', 'tags'] as const;

/** Where the columns are: by their headings, or in this order where there are none. */
function placesOf(first: readonly string[]): {
  headed: boolean;
  at: Record<(typeof columns)[number], number>;
} {
  const headings = first.map((cell) => cell.trim().toLowerCase());
  const headed = headings.includes('name');
  const place = (column: (typeof columns)[number], order: number) =>
    headed ? headings.indexOf(column) : order;
  return { headed, at: { name: place('name', 0), site: place('site', 1), tags: place('tags', 2) } };
}

function problemOf(device: PlannedDevice, earlier: number | undefined): string | null {
  if (device.name === '') return t('There is no name.');
  if (!name.test(device.name)) return t('A name has letters, digits, hyphen and underscore, up to 64.');
  if (earlier !== undefined) return t('The name is in line {{earlier}} already.', { earlier });
  if (device.site !== null && !label.test(device.site))
    return t('{{site}} cannot be a site.', { site: device.site });
  const wrong = device.tags.find((tag) => !label.test(tag));
  if (wrong !== undefined) return t('{{wrong}} cannot be a tag.', { wrong });
  if (device.tags.length > mostTags) return t('More than {{mostTags}} tags.', { mostTags });
  return null;
}

/** Reads names, or a CSV with the columns name, site and tags; tags are parted by `|`, `;` or `,`. */
export function readList(text: string): ListRow[] {
  const { data } = Papa.parse<string[]>(text.replace(/^\ufeff/, ''), { delimiter: delimiterOf(text) });
  const places = placesOf(data.find((cells) => cells.some((cell) => cell.trim() !== '')) ?? []);
  const lines = new Map<string, number>();
  const rows: ListRow[] = [];
  let headed = places.headed;
  for (const [index, cells] of data.entries()) {
    if (cells.every((cell) => cell.trim() === '')) continue;
    if (headed) {
      headed = false;
      continue;
    }
    const cell = (column: (typeof columns)[number]) => (cells[places.at[column]] ?? '').trim();
    const device = {
      name: cell('name'),
      site: cell('site') || null,
      tags: [
        ...new Set(
          cell('tags')
            .split(/[|;,]/)
            .map((tag) => tag.trim()),
        ),
      ].filter((tag) => tag !== ''),
    };
    const line = index + 1;
    rows.push({ line, ...device, problem: problemOf(device, lines.get(device.name)) });
    if (!lines.has(device.name)) lines.set(device.name, line);
  }
  return rows;
}

/** The tokens as a CSV, for whoever sets the devices up. */
export const tokensCsv = (list: {
  enrolUrl: string;
  expiresAt: string;
  items: readonly { name: string; token: string }[];
}): string =>
  Papa.unparse(
    {
      fields: ['name', 'enrol_url', 'claim_token', 'until'],
      data: list.items.map(({ name, token }) => [name, list.enrolUrl, token, list.expiresAt]),
    },
    { newline: '\n' },
  );
