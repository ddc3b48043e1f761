/** Runs tasks one after the other; one that fails does not stop the next. */
export function oneAtATime(): <T>(task: () => Promise<T>) => Promise<T> {
  let busy: Promise<unknown> = Promise.resolve();
  return (task) => {
    const done = busy.then(task);
    busy = done.catch(() => {});
    return done;
  };
}
