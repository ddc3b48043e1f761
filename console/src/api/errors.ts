/** A refused or failed request. `code` is the server's, `network` when no answer came at all, or `console_failed`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;

  constructor(status: number, code: string, message: string, requestId: string | null = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.requestId = requestId;
  }

  /** Whether the same request may well succeed a little later. */
  get transient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

interface ErrorBody {
  error: { code: string; message: string; requestId: string };
}

const isErrorBody = (body: unknown): body is ErrorBody =>
  typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'object';

export function errorOf(status: number, body: unknown): ApiError {
  if (isErrorBody(body))
    return new ApiError(status, body.error.code, body.error.message, body.error.requestId);
  return new ApiError(status, status >= 500 ? 'unavailable' : 'internal', `The server answered ${status}.`);
}

export const unreachable = (): ApiError =>
  new ApiError(0, 'network', 'The fleet server cannot be reached. Check the network.');

/** A part of the console that is loaded when it is needed, in the words of the three engines. */
const notLoaded = /dynamically imported module|importing a module script/i;

/** What was thrown, as what can be shown: of the server, of the way to it, or a fault of the console itself. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof Error && notLoaded.test(error.message)) return unreachable();
  return new ApiError(0, 'console_failed', 'This page failed. Load it again.');
}
