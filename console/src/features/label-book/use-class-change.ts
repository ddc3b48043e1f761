import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { keys } from '../../api/queries.js';
import type { ClassChange } from '../../api/types.js';
import { notifyDone } from '../../ui/notify.js';

/** One change of the classes, done once however often it is asked for while its form is open. */
export function useClassChange(send: (requestId: string) => Promise<ClassChange>, done: () => void) {
  const queryClient = useQueryClient();
  const [requestId] = useState(() => crypto.randomUUID());
  return useMutation({
    mutationFn: () => send(requestId),
    onSuccess: async ({ summary }) => {
      await Promise.all(
        [keys.classes, keys.labelBook, keys.stats].map((queryKey) =>
          queryClient.invalidateQueries({ queryKey }),
        ),
      );
      notifyDone(`${summary}.`);
      done();
    },
  });
}
