/** What the QR code of a claim token holds, for whoever stands at the device with a scanner. */
export const claimContent = (enrolUrl: string, claimToken: string): string =>
  JSON.stringify({ enrolUrl, claimToken });

export const lifetimes = [
  { value: '60', label: 'One hour' },
  { value: '1440', label: 'One day' },
  { value: '10080', label: 'One week' },
];
