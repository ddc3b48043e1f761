import createClient, { type Middleware } from 'openapi-fetch';
import { ApiError, errorOf, unreachable } from './errors.js';
import type { paths } from './schema.gen.js';

const csrf: Middleware = {
  onRequest({ request }) {
    if (request.method !== 'GET') request.headers.set('x-lineside-csrf', '1');
    return request;
  },
};

export const client = createClient<paths>({ baseUrl: '/' });
client.use(csrf);

/** Gives the body of a successful answer; every other outcome is an ApiError. */
export async function unwrap<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<NonNullable<T>> {
  let outcome: { data?: T; error?: unknown; response: Response };
  try {
    outcome = await call;
  } catch (error) {
    throw error instanceof ApiError ? error : unreachable();
  }
  if (!outcome.response.ok) throw errorOf(outcome.response.status, outcome.error);
  return outcome.data as NonNullable<T>;
}

/** Sends a file as it is, which the typed client has no body for. @throws ApiError */
export const sendFile = <T>(
  path: string,
  query: Record<string, string>,
  file: File,
): Promise<NonNullable<T>> => send<T>(`${path}?${new URLSearchParams(query)}`, 'POST', file);

const send = <T>(url: string, method: 'POST' | 'PUT', body: Blob): Promise<NonNullable<T>> =>
  unwrap<T>(
    fetch(url, {
      method,
      headers: { 'x-lineside-csrf': '1', 'content-type': 'application/octet-stream' },
      body,
    }).then(async (response) => {
      const answer: unknown = await response.json().catch(() => undefined);
      return response.ok ? { data: answer as T, response } : { error: answer, response };
    }),
  );

/** Sends a part of a file. @throws ApiError */
export const sendPart = <T>(url: string, part: Blob): Promise<NonNullable<T>> => send<T>(url, 'PUT', part);

/** Address of a frame's picture; `width` in pixels asks for a smaller copy. */
export const frameImageUrl = (frameId: string, width?: number): string =>
  `/api/v1/frames/${encodeURIComponent(frameId)}/image${width ? `?width=${width}` : ''}`;
