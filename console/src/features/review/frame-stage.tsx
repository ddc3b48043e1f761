import { Button, Loader } from '@mantine/core';
import { IconPhotoOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useLayoutEffect, useRef, useState } from 'react';
import type { Frame } from '../../api/types.js';
import { Ago } from '../../ui/clock.js';
import { LightControl } from './light-control.js';
import type { Pictures } from './pictures.js';
import classes from './review.module.css';
import type { useLight } from './use-light.js';
import type { useZoom } from './use-zoom.js';

interface FrameStageProps {
  item: { frame: Frame };
  pictures: Pictures;
  zoom: ReturnType<typeof useZoom>;
  light: ReturnType<typeof useLight>;
}

/** The picture, as large as there is room, with where and when it was taken. */
export function FrameStage({ item, pictures, zoom, light }: FrameStageProps) {
  const host = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<'loading' | 'shown' | 'failed'>('loading');
  const [attempt, setAttempt] = useState(0);
  const frameId = item.frame.id;

  useLayoutEffect(() => {
    const picture = pictures.get(frameId, attempt);
    let left = false;
    const show = () => {
      if (left) return;
      host.current?.replaceChildren(picture.element);
      setState('shown');
    };
    if (picture.decoded) show();
    else {
      host.current?.replaceChildren();
      setState('loading');
      picture.ready.then(show, () => {
        if (!left) setState('failed');
      });
    }
    return () => {
      left = true;
    };
  }, [frameId, pictures, attempt]);

  return (
    <div
      className={classes.stage}
      data-testid="review-frame"
      data-frame-id={frameId}
      data-state={state}
      {...zoom.handlers}
    >
      <div
        ref={host}
        className={classes.picture}
        style={{ ...zoom.style, ...light.style }}
        role="img"
        aria-label="Frame to review"
      />
      {state === 'loading' ? <Loader className={classes.overStage} color="gray" /> : null}
      {state === 'failed' ? (
        <div className={classes.overStage}>
          <IconPhotoOff size={40} stroke={1.4} aria-hidden />
          <p>The picture cannot be shown. Try again, or skip it.</p>
          <Button variant="default" onClick={() => setAttempt(attempt + 1)}>
            Try again
          </Button>
        </div>
      ) : null}
      <div className={classes.caption}>
        <b>{item.frame.deviceName}</b>
        <span>{item.frame.cameraId}</span>
        <Ago at={item.frame.capturedAt} />
        <Link to="/frames/$frameId" params={{ frameId }} className={classes.lineage}>
          Lineage
        </Link>
        {item.frame.clockSuspect ? <span className={classes.suspect}>device clock is off</span> : null}
      </div>
      <div className={classes.tools}>
        {zoom.zoomed ? (
          <button type="button" className={classes.tool} onClick={zoom.reset}>
            Fit
          </button>
        ) : null}
        <LightControl light={light} />
      </div>
    </div>
  );
}
