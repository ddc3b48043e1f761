import { useLocalStorage } from '@mantine/hooks';
import type { CSSProperties } from 'react';

export interface Light {
  /** 1: as the picture is. */
  brightness: number;
  contrast: number;
}

const plain: Light = { brightness: 1, contrast: 1 };
const step = 1.25;
export const lightRange = { least: 0.3, most: 4 } as const;

const within = (value: number): number => Math.min(lightRange.most, Math.max(lightRange.least, value));

/** Brightness and contrast for dark or flat pictures: of what is seen, never of what is stored. Stays from frame to frame. */
export function useLight() {
  const [light, set] = useLocalStorage<Light>({ key: 'lineside.review-light', defaultValue: plain });
  const { brightness, contrast } = light;
  const changed = brightness !== 1 || contrast !== 1;
  const style: CSSProperties = changed ? { filter: `brightness(${brightness}) contrast(${contrast})` } : {};
  const snapped = (value: number) => (Math.abs(value - 1) < 0.05 ? 1 : within(value));
  return {
    light,
    changed,
    style,
    set: (part: Partial<Light>) => set({ ...light, ...part }),
    brighter: () => set({ ...light, brightness: snapped(brightness * step) }),
    darker: () => set({ ...light, brightness: snapped(brightness / step) }),
    reset: () => set(plain),
  };
}
