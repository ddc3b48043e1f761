import { type ErrorCode, type LinesideError, toLinesideError } from '@lineside/shared';

/** Failures that time may mend; any other gives the revision up. */
const transientCodes: ErrorCode[] = [
  'artifact_unreachable',
  'artifact_expired',
  'storage_full',
  'storage_failed',
  'backend_unreachable',
  'unavailable',
];

export const isTransient = ({ code }: LinesideError): boolean => transientCodes.includes(code);

/** What the disk says has a code of its own. */
export function codedError(error: unknown): LinesideError {
  const code = (error as NodeJS.ErrnoException).code;
  const storage = code === 'ENOSPC' || code === 'EDQUOT' ? 'storage_full' : 'storage_failed';
  return toLinesideError(error, error instanceof Error && 'syscall' in error ? storage : 'internal');
}
