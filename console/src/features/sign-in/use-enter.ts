import { useQueryClient } from '@tanstack/react-query';
import { useNavigate, useRouter } from '@tanstack/react-router';
import { keys, signedOut } from '../../api/queries.js';
import type { Me } from '../../api/types.js';

/** Goes on to where the person wanted to be, by way of the second factor where their role needs one. */
export function useEnter(next: string | undefined): (me: Me) => Promise<void> {
  const queryClient = useQueryClient();
  const router = useRouter();
  const navigate = useNavigate();
  return async (me) => {
    signedOut.dispatchEvent(new Event('signed-out'));
    queryClient.clear();
    queryClient.setQueryData(keys.me, me);
    if (me.secondFactor === 'due') await navigate({ to: '/second-factor', search: next ? { next } : {} });
    else router.history.replace(next ?? '/');
  };
}
