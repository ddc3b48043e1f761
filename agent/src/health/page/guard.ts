import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';

/**
 * Whether a request was meant for this box. A foreign site can let its own name point here (DNS rebinding), but it
 * cannot make a browser send another name than its own: an address, localhost and the box's names are safe.
 */
export function hostAllowed(host: string | undefined, configured: string): boolean {
  const name = nameOf(host);
  if (name === null) return false;
  const own = hostname().toLowerCase();
  const names = ['localhost', own, `${own}.local`, `${own}.lan`, configured.toLowerCase()];
  return isIP(name) !== 0 || names.includes(name);
}

/** Whether a request that changes something comes from the page itself, or from a program that is no browser. */
export function sameOrigin({ host, origin, 'sec-fetch-site': site }: IncomingHttpHeaders): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
  if (origin === undefined) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}

function nameOf(host: string | undefined): string | null {
  try {
    return new URL(`http://${host}`).hostname.toLowerCase().replaceAll(/[[\]]/g, '') || null;
  } catch {
    return null;
  }
}
