import { Button, Popover, Slider } from '@mantine/core';
import { IconBrightness } from '@tabler/icons-react';
import { t } from '../../i18n/index.js';
import { percent } from '../../ui/format.js';
import classes from './review.module.css';
import { lightRange, type useLight } from './use-light.js';

const scale = { min: lightRange.least, max: lightRange.most, step: 0.05, label: percent } as const;

/** Sliders for dark or flat pictures. */
export function LightControl({ light }: { light: ReturnType<typeof useLight> }) {
  return (
    <Popover position="bottom-end" shadow="md">
      <Popover.Target>
        <button
          type="button"
          className={classes.tool}
          data-on={light.changed ? '' : undefined}
          aria-label={t('Brightness and contrast')}
        >
          <IconBrightness size={22} stroke={1.7} aria-hidden />
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <div className={classes.light}>
          <div>
            <span>{t('Brightness')}</span>
            <Slider
              {...scale}
              thumbLabel={t('Brightness')}
              value={light.light.brightness}
              onChange={(brightness) => light.set({ brightness })}
            />
          </div>
          <div>
            <span>{t('Contrast')}</span>
            <Slider
              {...scale}
              thumbLabel={t('Contrast')}
              value={light.light.contrast}
              onChange={(contrast) => light.set({ contrast })}
            />
          </div>
          <Button variant="default" size="sm" disabled={!light.changed} onClick={light.reset}>
            {t('As it is')}
          </Button>
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
