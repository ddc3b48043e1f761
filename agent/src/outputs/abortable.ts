/** Settles as `work` does, or rejects when the signal aborts, having called `onAbort` to end the work. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal, onAbort: () => void): Promise<T> {
  let aborted = (): void => {};
  const cut = new Promise<never>((_, reject) => {
    aborted = () => {
      onAbort();
      reject(new Error('there was no answer in time'));
    };
  });
  if (signal.aborted) aborted();
  else signal.addEventListener('abort', aborted, { once: true });
  try {
    return await Promise.race([work, cut]);
  } finally {
    signal.removeEventListener('abort', aborted);
  }
}
