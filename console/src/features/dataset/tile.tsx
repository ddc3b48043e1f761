import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';
import { memo } from 'react';
import { frameImageUrl } from '../../api/client.js';
import type { ClassItem, Tile as TileData } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { percent } from '../../ui/format.js';
import classes from './dataset.module.css';
import { labelWords } from './filter.js';

interface TileProps {
  tile: TileData | undefined;
  place: number;
  selected: boolean;
  cursor: boolean;
  /** False while the grid flies past: pictures that nobody sees are not asked for. */
  picture: boolean;
  classById: ReadonlyMap<string, ClassItem>;
}

/** One frame of the grid: its picture, what it is labelled as, else what the camera thought. */
export const Tile = memo(function Tile({ tile, place, selected, cursor, picture, classById }: TileProps) {
  if (!tile) return <div className={classes.tile} data-place={place} data-empty="" />;
  const { label, decision } = tile;
  const named = label?.classId ? classById.get(label.classId) : undefined;
  const thought = decision ? (classById.get(decision.classId)?.name ?? decision.classId) : null;
  const contradicted = label?.classId && decision && decision.classId !== label.classId;
  const words = label
    ? (named?.name ?? label.classId ?? t(labelWords[label.kind]))
    : thought && decision
      ? `${thought} ${percent(decision.confidence)}`
      : t('No decision');
  return (
    <div
      className={classes.tile}
      data-place={place}
      data-testid="tile"
      data-frame-id={tile.id}
      data-selected={selected ? '' : undefined}
      data-cursor={cursor ? '' : undefined}
      role="option"
      tabIndex={-1}
      aria-selected={selected}
      aria-label={`${words}, ${tile.deviceName}`}
      style={named ? { '--class-colour': named.colour } : undefined}
    >
      {picture ? <img src={frameImageUrl(tile.id, 256)} alt="" draggable={false} decoding="async" /> : null}
      <span className={classes.words} data-labelled={label ? '' : undefined}>
        {named ? <i /> : null}
        <span>{words}</span>
        {tile.suggested ? (
          <b className={classes.suggested}>→ {classById.get(tile.suggested)?.name ?? tile.suggested}</b>
        ) : contradicted ? (
          <IconAlertTriangle size={15} aria-label={t('the camera said {{thought}}', { thought })}>
            <title>{t('The camera said {{thought}}', { thought })}</title>
          </IconAlertTriangle>
        ) : null}
      </span>
      {selected ? (
        <span className={classes.check} aria-hidden>
          <IconCheck size={16} stroke={3} />
        </span>
      ) : null}
    </div>
  );
});
