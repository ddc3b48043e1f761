import { Button, Loader } from '@mantine/core';
import { IconPhotoOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { type PointerEvent, type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import type { Frame } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Ago } from '../../ui/clock.js';
import { LightControl } from './light-control.js';
import type { Pictures } from './pictures.js';
import classes from './review.module.css';
import type { useLight } from './use-light.js';
import type { useZoom } from './use-zoom.js';

/** After a picture could not be loaded: the server may be back soon. */
const firstRetryMs = 1000;
const longestRetryMs = 8000;

type PointerHandlers = Record<
  'onPointerDown' | 'onPointerMove' | 'onPointerUp' | 'onPointerCancel',
  (event: PointerEvent<HTMLElement>) => void
>;

interface FrameStageProps {
  item: { frame: Frame };
  pictures: Pictures;
  onShown: (frameId: string) => void;
  zoom: ReturnType<typeof useZoom>;
  light: ReturnType<typeof useLight>;
  /** Over the picture. */
  overlay?: ReactNode;
  /** Beside the other tools. */
  tools?: ReactNode;
  /** Also told of every pointer on the stage; null: only zoom and pan. */
  pointer?: PointerHandlers | null;
}

const both = (zoom: PointerHandlers, other: PointerHandlers): PointerHandlers => ({
  onPointerDown(event) {
    zoom.onPointerDown(event);
    other.onPointerDown(event);
  },
  onPointerMove(event) {
    zoom.onPointerMove(event);
    other.onPointerMove(event);
  },
  onPointerUp(event) {
    zoom.onPointerUp(event);
    other.onPointerUp(event);
  },
  onPointerCancel(event) {
    zoom.onPointerCancel(event);
    other.onPointerCancel(event);
  },
});

/** The picture, as large as there is room, with where and when it was taken. */
export function FrameStage(props: FrameStageProps) {
  const { item, pictures, onShown, zoom, light, overlay, tools, pointer } = props;
  const host = useRef<HTMLDivElement>(null);
  const frameId = item.frame.id;
  const [state, setState] = useState<'loading' | 'shown' | 'failed'>('loading');
  const [tried, setTried] = useState({ frameId, times: 0 });
  const times = tried.frameId === frameId ? tried.times : 0;
  const tryAgain = () => setTried({ frameId, times: times + 1 });

  useLayoutEffect(() => {
    const picture = pictures.get(frameId, times);
    let retry: number | undefined;
    let left = false;
    const show = () => {
      if (left) return;
      host.current?.replaceChildren(picture.element);
      setState('shown');
      onShown(frameId);
    };
    if (picture.decoded) show();
    else {
      host.current?.replaceChildren();
      if (times === 0) setState('loading');
      picture.ready.then(show, () => {
        if (left) return;
        setState('failed');
        const waitMs = Math.min(longestRetryMs, firstRetryMs * 2 ** times);
        retry = window.setTimeout(() => setTried({ frameId, times: times + 1 }), waitMs);
      });
    }
    return () => {
      left = true;
      window.clearTimeout(retry);
    };
  }, [frameId, pictures, onShown, times]);

  return (
    <div
      className={classes.stage}
      data-testid="review-frame"
      data-frame-id={frameId}
      data-state={state}
      data-drawing={pointer ? '' : undefined}
      {...zoom.handlers}
      {...(pointer ? both(zoom.handlers, pointer) : {})}
    >
      <div
        ref={host}
        className={classes.picture}
        style={{ ...zoom.style, ...light.style }}
        role="img"
        aria-label={t('Frame to review')}
      />
      {overlay}
      {state === 'loading' ? <Loader className={classes.overStage} color="gray" /> : null}
      {state === 'failed' ? (
        <div className={classes.overStage}>
          <IconPhotoOff size={40} stroke={1.4} aria-hidden />
          <p>{t('The picture cannot be shown. Try again, or skip it.')}</p>
          <Button variant="default" onClick={tryAgain}>
            {t('Try again')}
          </Button>
        </div>
      ) : null}
      <div className={classes.caption}>
        <b>{item.frame.deviceName}</b>
        <span>{item.frame.cameraId}</span>
        <Ago at={item.frame.capturedAt} />
        <Link to="/frames/$frameId" params={{ frameId }} className={classes.lineage}>
          {t('Lineage')}
        </Link>
        {item.frame.clockSuspect ? <span className={classes.suspect}>{t('device clock is off')}</span> : null}
      </div>
      <div className={classes.tools}>
        {zoom.zoomed ? (
          <button type="button" className={classes.tool} onClick={zoom.reset}>
            {t('Fit')}
          </button>
        ) : null}
        {tools}
        <LightControl light={light} />
      </div>
    </div>
  );
}
