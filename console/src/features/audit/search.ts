import type { AuditSearch } from '../../api/types.js';
import { text, time } from '../../ui/address.js';

/** What the address of the page says. */
export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  const words = text(search.text);
  const from = time(search.from);
  const until = time(search.until);
  return { ...(words ? { text: words } : {}), ...(from ? { from } : {}), ...(until ? { until } : {}) };
}
