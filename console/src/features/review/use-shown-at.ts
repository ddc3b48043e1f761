import { useEffect, useRef } from 'react';

/** When the frame came on screen, by the page's clock in milliseconds. */
export function useShownAt(frameId: string | undefined) {
  const shownAt = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the clock starts anew with every frame
  useEffect(() => {
    shownAt.current = performance.now();
  }, [frameId]);
  return shownAt;
}
