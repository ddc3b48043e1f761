import { LinesideError } from '@lineside/shared';

/** Whether a thrown value is a system error with this code, such as `ENOENT`. */
export const isErrno = (error: unknown, code: string): error is NodeJS.ErrnoException =>
  error instanceof Error && (error as NodeJS.ErrnoException).code === code;

/** Gives a disk failure its code: `storage_full` when there is no space, else `storage_failed`. */
export const toStorageError = (error: unknown): LinesideError => {
  if (error instanceof LinesideError) return error;
  const full = isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT');
  const message = error instanceof Error ? error.message : String(error);
  return new LinesideError(full ? 'storage_full' : 'storage_failed', message, { cause: error });
};
