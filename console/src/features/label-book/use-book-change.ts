import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { keys } from '../../api/queries.js';
import type { BookEntry } from '../../api/types.js';

/** One change of the book, written once however often it is asked for while its form is open. */
export function useBookChange(
  send: (requestId: string) => Promise<BookEntry>,
  done: (entry: BookEntry) => void,
) {
  const queryClient = useQueryClient();
  const [requestId] = useState(() => crypto.randomUUID());
  return useMutation({
    mutationFn: () => send(requestId),
    onSuccess: async (entry) => {
      await queryClient.invalidateQueries({ queryKey: keys.labelBook });
      done(entry);
    },
  });
}
