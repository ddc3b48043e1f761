import { useMutation } from '@tanstack/react-query';
import { client, unwrap } from '../../api/client.js';

/** Sends the browser to the identity provider; it comes back to `next`. */
export const useSso = () =>
  useMutation({
    mutationFn: (body: { next?: string; link?: boolean; token?: string }) =>
      unwrap(client.POST('/api/v1/auth/sso/start', { body })),
    onSuccess: ({ url }) => window.location.assign(url),
  });
