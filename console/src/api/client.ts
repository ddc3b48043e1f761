import createClient, { type Middleware } from 'openapi-fetch';
import { errorOf, toApiError } from './errors.js';
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
    throw toApiError(error);
  }
  if (!outcome.response.ok) throw errorOf(outcome.response.status, outcome.error);
  return outcome.data as NonNullable<T>;
}

/** Address of a frame's picture; `width` in pixels asks for a smaller copy. */
export const frameImageUrl = (frameId: string, width?: number): string =>
  `/api/v1/frames/${encodeURIComponent(frameId)}/image${width ? `?width=${width}` : ''}`;
