import { Button, Loader } from '@mantine/core';
import { IconPhotoOff } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useLayoutEffect, useRef, useState } from 'react';
import type { ReviewItem } from '../../api/types.js';
import { Ago } from '../../ui/clock.js';
import type { Pictures } from './pictures.js';
import classes from './review.module.css';
import { useZoom } from './use-zoom.js';

/** The picture, as large as there is room, with where and when it was taken. */
export function FrameStage({ item, pictures }: { item: ReviewItem; pictures: Pictures }) {
  const host = useRef<HTMLDivElement>(null);
  const [state, setState] = useState<'loading' | 'shown' | 'failed'>('loading');
  const [attempt, setAttempt] = useState(0);
  const frameId = item.frame.id;
  const zoom = useZoom(frameId);

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
        style={zoom.style}
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
      {zoom.zoomed ? (
        <button type="button" className={classes.fit} onClick={zoom.reset}>
          Fit
        </button>
      ) : null}
    </div>
  );
}
