import { LinesideError } from '@lineside/shared';
import type { Services } from '../../services.js';
import type { Checks } from './provider.js';

/** As long as a person may take at the identity provider. */
export const journeyMs = 10 * 60_000;
const owner = 'sso-journey';

/** What the browser carries, sealed, while the person is away at the identity provider. */
export interface Journey extends Checks {
  /** Path of the console to go on to. */
  next: string;
  /** Who is signed in and wants to link the identity to their account. */
  linkTo?: string;
  /** Hash of the one-time link with which they were invited. */
  invitation?: string;
}

export const sealJourney = ({ sealer, now }: Services, journey: Journey): string =>
  sealer.seal(JSON.stringify({ ...journey, until: now() + journeyMs }), owner);

/** @throws LinesideError `sso_expired` */
export function openJourney({ sealer, now }: Services, sealed: string | undefined): Journey {
  try {
    const { until, ...journey } = JSON.parse(sealer.open(sealed ?? '', owner)) as Journey & { until: number };
    if (until > now()) return journey;
  } catch {
    // Of another server, or tampered with: as good as none.
  }
  throw new LinesideError('sso_expired');
}
