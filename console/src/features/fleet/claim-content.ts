import { phrase } from '../../i18n/index.js';

/** What the QR code of a claim token holds, for whoever stands at the device with a scanner. */
export const claimContent = (enrolUrl: string, claimToken: string): string =>
  JSON.stringify({ enrolUrl, claimToken });

export const lifetimes = [
  { value: '60', label: phrase('One hour') },
  { value: '1440', label: phrase('One day') },
  { value: '10080', label: phrase('One week') },
];
