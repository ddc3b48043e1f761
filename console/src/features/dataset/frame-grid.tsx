import { useElementSize } from '@mantine/hooks';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, type RefObject, useEffect, useMemo, useRef, useState } from 'react';
import type { ClassItem, FrameFilter, FrameSort, Tile as TileData } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import classes from './dataset.module.css';
import type { IdAt, Selection } from './selection.js';
import { Tile } from './tile.js';
import { useTiles } from './use-frames.js';
import { usePointer } from './use-pointer.js';

const gap = 6;
const overscan = 3;
/** A row that stays so long is looked at. */
const restMs = 90;

export interface GridHandle {
  columns: number;
  idAt: IdAt;
  tileAt: (place: number) => TileData | undefined;
  show: (place: number) => void;
}

interface FrameGridProps {
  request: { filter: FrameFilter; sort: FrameSort; asOf: string };
  total: number;
  /** Least width of a tile, CSS pixels. */
  tileWidth: number;
  classById: ReadonlyMap<string, ClassItem>;
  selection: Selection;
  select: (selection: Selection) => void;
  open: (place: number) => void;
  handle: RefObject<GridHandle | null>;
}

/** Any number of frames in one scroll; only those in sight are in the document. */
export function FrameGrid(props: FrameGridProps) {
  const { request, total, tileWidth, classById, selection, select, open, handle } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const { ref: measured, width } = useElementSize();
  const columns = Math.max(2, Math.floor((width + gap) / (tileWidth + gap)));
  const side = width > 0 ? (width - gap * (columns - 1)) / columns : tileWidth;
  const rows = Math.ceil(total / columns);
  const height = side * 0.75 + gap;

  const virtualizer = useVirtualizer({
    count: rows,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows are measured anew when their height changes
  useEffect(() => virtualizer.measure(), [virtualizer, height]);
  const seen = virtualizer.getVirtualItems();
  const first = (seen[0]?.index ?? 0) * columns;
  const last = Math.min(total, ((seen.at(-1)?.index ?? 0) + 1) * columns) - 1;
  const tileAt = useTiles(request, first, last);
  const idAt = useMemo<IdAt>(() => (place) => tileAt(place)?.id, [tileAt]);

  const box = usePointer({ scroller, columns, side, height, gap, total, idAt, selection, select, open });

  useEffect(() => {
    handle.current = {
      columns,
      idAt,
      tileAt,
      show: (place) => virtualizer.scrollToIndex(Math.floor(place / columns), { align: 'auto' }),
    };
  }, [handle, columns, idAt, tileAt, virtualizer]);

  return (
    <div
      ref={scroller}
      className={classes.scroller}
      data-testid="frame-grid"
      role="listbox"
      aria-multiselectable
      aria-label={t('Frames')}
      tabIndex={0}
      {...box.handlers}
    >
      <div ref={measured} className={classes.canvas} style={{ height: virtualizer.getTotalSize() }}>
        {seen.map((row) => (
          <Row key={row.key} top={row.start} columns={columns} height={height - gap}>
            {(rested) =>
              Array.from({ length: Math.min(columns, total - row.index * columns) }, (_, column) => {
                const place = row.index * columns + column;
                return (
                  <Tile
                    key={place}
                    tile={tileAt(place)}
                    place={place}
                    selected={selection.chosen.has(place)}
                    cursor={selection.cursor === place}
                    picture={rested}
                    classById={classById}
                  />
                );
              })
            }
          </Row>
        ))}
        {box.band ? <div className={classes.band} style={box.band} /> : null}
      </div>
    </div>
  );
}

interface RowProps {
  top: number;
  columns: number;
  height: number;
  children: (rested: boolean) => ReactNode;
}

function Row({ top, columns, height, children }: RowProps) {
  const [rested, setRested] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setRested(true), restMs);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <div
      className={classes.row}
      style={{
        transform: `translateY(${top}px)`,
        height,
        gridTemplateColumns: `repeat(${columns}, 1fr)`,
        gap,
      }}
    >
      {children(rested)}
    </div>
  );
}
