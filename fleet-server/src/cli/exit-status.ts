import { isErrorCode, isLinesideError, LinesideError } from '@lineside/shared';
import { ApiError } from '../client/api-client.js';

/** The command was typed wrongly; the message is for the person. */
export class UsageError extends Error {}

/** It was looked for, and it is there: no failure of the command, but no success for who asked. */
export class FoundError extends Error {}

const byHttpStatus: Readonly<Record<number, number>> = { 401: 3, 403: 3, 404: 4 };

const isUnreachable = (error: unknown): boolean =>
  error instanceof TypeError && error.message === 'fetch failed';

/** What the process ends with: docs/cli.md lists the numbers. */
export function exitStatus(error: unknown): number {
  if (error instanceof UsageError) return 2;
  if (error instanceof FoundError) return 6;
  if (error instanceof ApiError) return byHttpStatus[error.status] ?? 1;
  if (isErrorCode(error, 'training_cancelled') || (error as Error).name === 'AbortError') return 130;
  return isUnreachable(error) ? 5 : 1;
}

/** One line for a person; a stack only for what nobody foresaw. */
export function explain(error: unknown): string {
  if (isUnreachable(error)) {
    const { cause } = error as { cause?: Error };
    return `The server cannot be reached: ${cause?.message ?? (error as Error).message}`;
  }
  if (isLinesideError(error)) return `${error.code}: ${error.message}`;
  if (error instanceof ApiError || error instanceof UsageError || error instanceof FoundError) {
    return error.message;
  }
  const { code, message, stack } = error as NodeJS.ErrnoException;
  return code ? message : (stack ?? String(error));
}

/** @throws LinesideError `training_cancelled` when the person pressed Ctrl+C */
export function orInterrupted(signal: AbortSignal): void {
  if (signal.aborted) throw new LinesideError('training_cancelled', 'interrupted');
}
