import { Button, Modal, SegmentedControl } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { type PointerEvent, useEffect, useRef, useState } from 'react';
import { classesQuery, frameMapQuery, type MapMethod } from '../../api/queries.js';
import type { ClassItem, FrameMap } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import { Loaded } from '../../ui/page.js';
import classes from './dataset.module.css';
import { UmapView } from './umap-view.js';

interface MapDialogProps {
  at: string;
  opened: boolean;
  onClose: () => void;
  /** @param area corners as the API takes them */
  choose: (area: string) => void;
}

/** All frames as points; those that look alike are near each other. Drawing around some shows them in the grid. */
export function MapDialog({ at, opened, onClose, choose }: MapDialogProps) {
  const [method, setMethod] = useState<MapMethod>('pca');
  const map = useQuery({ ...frameMapQuery('pca', at), enabled: opened });
  const classList = useQuery(classesQuery).data ?? [];
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="min(1100px, 94vw)"
      title={t('Map of the frames')}
      transitionProps={{ duration: 0 }}
    >
      <div className={classes.methods}>
        <SegmentedControl
          aria-label={t('How the map is made')}
          value={method}
          onChange={(value) => setMethod(value as MapMethod)}
          data={[
            { value: 'pca', label: 'PCA' },
            { value: 'umap', label: 'UMAP' },
          ]}
          data-testid="map-method"
        />
      </div>
      {method === 'pca' ? (
        <Loaded query={map}>{(data) => <Scatter map={data} classList={classList} choose={choose} />}</Loaded>
      ) : (
        <UmapView choose={choose} />
      )}
    </Modal>
  );
}

interface Point {
  x: number;
  y: number;
}

const pointRadius = 3;
/** The server takes so many corners. */
const mostCorners = 60;
const leastStep = 6;

interface ScatterProps {
  map: FrameMap;
  classList: readonly ClassItem[];
  choose: (area: string) => void;
}

export function Scatter({ map, classList, choose }: ScatterProps) {
  const { ref: measured, width } = useElementSize();
  const canvas = useRef<HTMLCanvasElement>(null);
  const [lasso, setLasso] = useState<Point[]>([]);
  const drawing = useRef(false);
  const height = Math.min(Math.round(width * 0.62), Math.round(window.innerHeight * 0.66));
  const extent = extentOf(map);
  const toScreen = ({ x, y }: Point): Point => ({
    x: ((x - extent.left) / (extent.right - extent.left)) * width,
    y: height - ((y - extent.bottom) / (extent.top - extent.bottom)) * height,
  });
  const toMap = ({ x, y }: Point): Point => ({
    x: extent.left + (x / width) * (extent.right - extent.left),
    y: extent.bottom + ((height - y) / height) * (extent.top - extent.bottom),
  });
  const colours = map.classIds.map((id) => classList.find((each) => each.id === id)?.colour ?? '#888');

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn anew when what it is drawn from changes
  useEffect(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || width === 0) return;
    const ratio = window.devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    // Frames without a label lie below, so that they hide none with one.
    for (const labelled of [false, true]) {
      for (const [at, label] of map.label.entries()) {
        if (label >= 0 !== labelled) continue;
        const { x, y } = toScreen({ x: map.x[at] ?? 0, y: map.y[at] ?? 0 });
        context.globalAlpha = labelled ? 0.85 : 0.35;
        context.fillStyle = labelled ? (colours[label] ?? '#888') : '#8794a1';
        context.beginPath();
        context.arc(x, y, pointRadius, 0, 2 * Math.PI);
        context.fill();
      }
    }
  }, [map, width, height, colours.join()]);

  const at = (event: PointerEvent): Point => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const corners = simplified(lasso).map(toMap);
  const inside = corners.length < 3 ? 0 : countInside(map, corners);
  const area = corners.map(({ x, y }) => `${x.toFixed(4)},${y.toFixed(4)}`).join(';');
  return (
    <div className={classes.map} data-testid="frame-map">
      <div ref={measured} className={classes.mapStage} style={{ height }}>
        <canvas
          ref={canvas}
          width={width * window.devicePixelRatio}
          height={height * window.devicePixelRatio}
          style={{ width, height }}
          aria-label={t('{{count, number}} frames as points', { count: map.x.length })}
          onPointerDown={(event) => {
            event.currentTarget.setPointerCapture(event.pointerId);
            drawing.current = true;
            setLasso([at(event)]);
          }}
          onPointerMove={(event) => {
            const to = at(event);
            const last = lasso.at(-1);
            if (!drawing.current || (last && Math.hypot(to.x - last.x, to.y - last.y) < leastStep)) return;
            setLasso([...lasso, to]);
          }}
          onPointerUp={() => {
            drawing.current = false;
          }}
        />
        <svg width={width} height={height} aria-hidden="true">
          <polygon points={lasso.map(({ x, y }) => `${x},${y}`).join(' ')} />
        </svg>
      </div>
      <footer>
        <ul>
          {map.classIds.map((id, place) => (
            <li key={id}>
              <i style={{ background: colours[place] }} />
              {classList.find((each) => each.id === id)?.name ?? id}
            </li>
          ))}
          <li>
            <i style={{ background: '#8794a1' }} />
            {t('Not labelled')}
          </li>
        </ul>
        <Button size="md" disabled={inside === 0} onClick={() => choose(area)} data-testid="show-area">
          {inside > 0 ? t('Show these {{inside}}', { inside: integer(inside) }) : t('Draw around some')}
        </Button>
      </footer>
    </div>
  );
}

function extentOf({ x, y }: FrameMap) {
  const range = (values: readonly number[]) => {
    let [least, most] = [0, 0];
    for (const value of values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    const margin = (most - least) * 0.04 || 1;
    return [least - margin, most + margin] as const;
  };
  const [left, right] = range(x);
  const [bottom, top] = range(y);
  return { left, right, bottom, top };
}

const simplified = (points: readonly Point[]): readonly Point[] => {
  const step = Math.ceil(points.length / mostCorners);
  return step <= 1 ? points : points.filter((_, place) => place % step === 0);
};

/** By rays to the right, as the server's polygons do. */
function countInside({ x, y }: FrameMap, corners: readonly Point[]): number {
  let count = 0;
  for (const [at, px] of x.entries()) {
    const py = y[at] ?? 0;
    let inside = false;
    for (const [place, a] of corners.entries()) {
      const b = corners[(place + 1) % corners.length] as Point;
      if (a.y > py !== b.y > py && px < ((b.x - a.x) * (py - a.y)) / (b.y - a.y) + a.x) inside = !inside;
    }
    if (inside) count++;
  }
  return count;
}
