import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { client } from '../api/client.js';
import { signedOut } from '../api/queries.js';

export function useSignOut(): () => Promise<void> {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    // The session may be gone already; either way the person leaves.
    await client.POST('/api/v1/auth/sign-out').catch(() => undefined);
    signedOut.dispatchEvent(new Event('signed-out'));
    await navigate({ to: '/sign-in', search: {} });
    queryClient.clear();
  };
}
