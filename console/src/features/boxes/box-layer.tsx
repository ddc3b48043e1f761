import { useElementSize } from '@mantine/hooks';
import type { ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import classes from './boxes.module.css';
import { type BoxEditor, drawing, selectedBox } from './editor.js';
import { handleAt, handles, placement, toStage } from './geometry.js';

interface BoxLayerProps {
  editor: BoxEditor;
  view: { scale: number; x: number; y: number };
  classById: ReadonlyMap<string, ClassItem>;
  /** With handles; else they are only shown. */
  active: boolean;
}

/** The boxes over the picture of the stage that this fills, at whatever zoom. Lines and handles keep their size. */
export function BoxLayer({ editor, view, classById, active }: BoxLayerProps) {
  const { ref, width, height } = useElementSize<HTMLDivElement>();
  const place = placement({ width, height }, editor.picture, view);
  const fresh = drawing(editor);
  const chosen = active ? selectedBox(editor) : null;
  const shown = [...editor.boxes, ...(fresh ? [fresh] : [])];
  return (
    <div ref={ref} className={classes.layer}>
      <svg
        className={classes.layer}
        data-active={active ? '' : undefined}
        role="img"
        aria-label={t('{{count, number}} boxes', { count: editor.boxes.length })}
        data-testid="box-layer"
      >
        {width > 0
          ? shown.map((box, at) => {
              const rect = toStage(place, box);
              const known = classById.get(box.classId);
              return (
                <g
                  // biome-ignore lint/suspicious/noArrayIndexKey: a box is known by its place
                  key={at}
                  className={classes.box}
                  style={{ '--class-colour': known?.colour ?? '#98a2ad' }}
                  data-selected={active && at === editor.selected ? '' : undefined}
                  data-testid="box"
                >
                  <rect className={classes.halo} {...rect} />
                  <rect className={classes.line} {...rect} />
                  <text x={rect.x + 1} y={rect.y - 6}>
                    {known?.name ?? box.classId}
                  </text>
                </g>
              );
            })
          : null}
        {chosen && width > 0
          ? handles.map((handle) => {
              const at = handleAt(toStage(place, chosen), handle);
              return (
                <rect
                  key={handle}
                  className={classes.handle}
                  x={at.x - 5}
                  y={at.y - 5}
                  width={10}
                  height={10}
                  data-handle={handle}
                />
              );
            })
          : null}
      </svg>
    </div>
  );
}
