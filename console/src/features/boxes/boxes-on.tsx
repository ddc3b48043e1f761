import { useQuery } from '@tanstack/react-query';
import { boxesQuery, classesQuery, frameQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import classes from './boxes.module.css';

/** The stored boxes of a frame, over a picture of it that fills the same place and keeps its shape. */
export function BoxesOn({ frameId }: { frameId: string }) {
  const boxes = useQuery(boxesQuery(frameId)).data ?? [];
  const classList = useQuery(classesQuery).data ?? [];
  const picture = useQuery({ ...frameQuery(frameId), enabled: boxes.length > 0 }).data;
  if (!picture || boxes.length === 0) return null;
  const letter = Math.max(picture.width, picture.height) / 40;
  return (
    <svg
      className={classes.layer}
      viewBox={`0 0 ${picture.width} ${picture.height}`}
      role="img"
      aria-label={t('{{count, number}} boxes', { count: boxes.length })}
      data-testid="stored-boxes"
    >
      {boxes.map(({ classId, ...rect }, at) => {
        const known = classList.find(({ id }) => id === classId);
        return (
          <g
            // biome-ignore lint/suspicious/noArrayIndexKey: a box is known by its place
            key={at}
            className={classes.box}
            style={{ '--class-colour': known?.colour ?? '#98a2ad' }}
          >
            <rect className={classes.halo} {...rect} />
            <rect className={classes.line} {...rect} />
            <text x={rect.x} y={rect.y - letter / 4} style={{ fontSize: letter }}>
              {known?.name ?? classId}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
