import { Button } from '@mantine/core';
import { IconArrowBackUp, IconCopy, IconTrash } from '@tabler/icons-react';
import type { MouseEvent } from 'react';
import type { ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { digitOf } from '../review/answer-panel.js';
import { type KeyMap, keyWords } from '../review/key-map.js';
import review from '../review/review.module.css';
import classes from './boxes.module.css';
import type { BoxAction, BoxEditor } from './editor.js';
import { selectedBox } from './editor.js';

interface BoxPanelProps {
  editor: BoxEditor;
  keys: KeyMap;
  classList: readonly ClassItem[];
  /** How many boxes the next frame begins with. */
  carried: number;
  dispatch: (action: BoxAction) => void;
  copyToNext: () => void;
  undo: () => void;
  done: () => void;
}

const keepFocus = (event: MouseEvent) => event.preventDefault();

/** The boxes of the frame, what they are, and what can be done with them, beside the picture. */
export function BoxPanel({
  editor,
  keys,
  classList,
  carried,
  dispatch,
  copyToNext,
  undo,
  done,
}: BoxPanelProps) {
  const classById = new Map(classList.map((each) => [each.id, each]));
  const { boxes, selected } = editor;
  const current = selectedBox(editor)?.classId ?? editor.classId;
  return (
    <div className={review.panel} data-testid="box-panel">
      <div className={classes.head}>
        <h2>{t('Boxes')}</h2>
        <Button variant="default" onMouseDown={keepFocus} onClick={done} data-testid="boxes-done">
          {t('Done')} <kbd className={review.key}>{keyWords(keys.boxes)}</kbd>
        </Button>
      </div>
      <div className={`${review.choices} ${classes.choices}`}>
        {classList.map((each, place) => (
          <button
            key={each.id}
            type="button"
            className={review.choice}
            style={{ '--class-colour': each.colour }}
            data-suggested={each.id === current ? '' : undefined}
            aria-pressed={each.id === current}
            data-testid={`box-class-${each.id}`}
            onMouseDown={keepFocus}
            onClick={() => dispatch({ type: 'classify', classId: each.id })}
          >
            {digitOf(place) ? <kbd className={review.key}>{digitOf(place)}</kbd> : <span />}
            <span className={review.choiceName}>{each.name}</span>
          </button>
        ))}
      </div>
      {boxes.length === 0 ? (
        <p className={classes.hint} style={{ flex: 1 }}>
          {t('Draw over the picture. Two fingers or the wheel zoom.')}
        </p>
      ) : (
        <ul className={classes.list}>
          {boxes.map(({ classId, x, y, width, height }, place) => (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: a box is known by its place
              key={place}
              style={{ '--class-colour': classById.get(classId)?.colour ?? 'var(--ls-dim)' }}
            >
              <button
                type="button"
                aria-pressed={place === selected}
                onMouseDown={keepFocus}
                onClick={() => dispatch({ type: 'select', place: place === selected ? null : place })}
                data-testid="box-row"
              >
                <b>{classById.get(classId)?.name ?? classId}</b>
                <small>{t('{{width}} × {{height}} at {{x}}, {{y}}', { width, height, x, y })}</small>
              </button>
            </li>
          ))}
        </ul>
      )}
      {carried > 0 ? (
        <p className={classes.hint} role="status" data-testid="boxes-carried">
          {t('{{count, number}} boxes go to the next frame.', { count: carried })}
        </p>
      ) : null}
      <div className={review.others}>
        <button
          type="button"
          disabled={selected === null}
          onMouseDown={keepFocus}
          onClick={() => dispatch({ type: 'remove' })}
          data-testid="remove-box"
        >
          <IconTrash size={20} aria-hidden /> {t('Remove')} <kbd className={review.key}>{t('Del')}</kbd>
        </button>
        <button type="button" onMouseDown={keepFocus} onClick={undo} data-testid="undo-box">
          <IconArrowBackUp size={20} aria-hidden /> {t('Undo')}{' '}
          <kbd className={review.key}>{keyWords(keys.undo)}</kbd>
        </button>
        <button
          type="button"
          disabled={boxes.length === 0 && carried === 0}
          aria-pressed={carried > 0}
          onMouseDown={keepFocus}
          onClick={copyToNext}
          style={{ gridColumn: '1 / -1' }}
          data-testid="copy-boxes"
        >
          <IconCopy size={20} aria-hidden /> {t('Copy to the next frame')}{' '}
          <kbd className={review.key}>{keyWords(keys.copyBoxes)}</kbd>
        </button>
      </div>
    </div>
  );
}
