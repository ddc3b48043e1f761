import { IconArrowBackUp, IconArrowRight, IconPlus, IconQuestionMark } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { MouseEvent } from 'react';
import { mergedClassesQuery } from '../../api/queries.js';
import type { Answer, ClassItem, ReviewItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { percent } from '../../ui/format.js';
import { said } from '../../ui/said.js';
import { type KeyMap, keyWords } from './key-map.js';
import classes from './review.module.css';

interface AnswerPanelProps {
  item: ReviewItem;
  keys: KeyMap;
  classList: readonly ClassItem[];
  answer: (answer: Answer) => void;
  undo: () => void;
  addClass: (() => void) | null;
}

/** Keeps the focus where it is, so that the keyboard goes on working after a tap. */
const keepFocus = (event: MouseEvent) => event.preventDefault();

/** What a camera said, by the classes of now: it may know two that are one by now. */
function sharesOf(
  probabilities: Readonly<Record<string, number>>,
  merged: ReadonlyMap<string, string>,
): Map<string, number> {
  const shares = new Map<string, number>();
  for (const [id, share] of Object.entries(probabilities)) {
    const now = merged.get(id) ?? id;
    shares.set(now, (shares.get(now) ?? 0) + share);
  }
  return shares;
}

export const digitOf = (place: number): string | null =>
  place < 9 ? String(place + 1) : place === 9 ? '0' : null;

/** What the model thinks, why this frame was asked for, and the answers. */
export function AnswerPanel({ item, keys, classList, answer, undo, addClass }: AnswerPanelProps) {
  const { prelabel, frame } = item;
  const merged = useQuery(mergedClassesQuery).data;
  const shares = sharesOf(frame.decision?.probabilities ?? {}, merged ?? new Map());
  const suggested = prelabel ? classList.find(({ id }) => id === prelabel.classId) : undefined;
  return (
    <div className={classes.panel} data-review-keys>
      <div className={classes.suggestion}>
        {prelabel && suggested ? (
          <button
            type="button"
            className={classes.accept}
            style={{ '--class-colour': suggested.colour }}
            onMouseDown={keepFocus}
            onClick={() => answer({ kind: 'class', classId: suggested.id })}
            data-testid="accept-prelabel"
          >
            <span className={classes.acceptWords}>
              <small>{t('The model says')}</small>
              <b>{suggested.name}</b>
            </span>
            <span className={classes.confidence}>{percent(prelabel.confidence)}</span>
            <kbd className={classes.key}>{keyWords(keys.accept)}</kbd>
          </button>
        ) : (
          <p className={classes.noSuggestion}>{t('The model has no suggestion for this frame.')}</p>
        )}
        <p className={classes.reason} data-testid="review-reason">
          <span>{t('Why this one')}</span> {said(item.reason)}
        </p>
      </div>

      <div className={classes.choices}>
        {classList.map((each, place) => {
          const share = shares.get(each.id);
          return (
            <button
              key={each.id}
              type="button"
              className={classes.choice}
              style={{ '--class-colour': each.colour }}
              data-suggested={each.id === suggested?.id ? '' : undefined}
              data-testid={`class-button-${each.id}`}
              onMouseDown={keepFocus}
              onClick={() => answer({ kind: 'class', classId: each.id })}
            >
              {digitOf(place) ? <kbd className={classes.key}>{digitOf(place)}</kbd> : <span />}
              <span className={classes.choiceName}>{each.name}</span>
              {share === undefined ? null : (
                <span className={classes.share} aria-hidden>
                  <i style={{ width: `${share * 100}%` }} />
                </span>
              )}
            </button>
          );
        })}
      </div>

      <div className={classes.others}>
        <button
          type="button"
          onMouseDown={keepFocus}
          onClick={() => answer({ kind: 'unsure' })}
          data-testid="unsure"
        >
          <IconQuestionMark size={20} aria-hidden /> {t('Unsure')}{' '}
          <kbd className={classes.key}>{keyWords(keys.unsure)}</kbd>
        </button>
        <button
          type="button"
          onMouseDown={keepFocus}
          onClick={() => answer({ kind: 'skip' })}
          data-testid="skip"
        >
          <IconArrowRight size={20} aria-hidden /> {t('Skip')}{' '}
          <kbd className={classes.key}>{keyWords(keys.skip)}</kbd>
        </button>
        <button type="button" onMouseDown={keepFocus} onClick={undo} data-testid="undo">
          <IconArrowBackUp size={20} aria-hidden /> {t('Undo')}{' '}
          <kbd className={classes.key}>{keyWords(keys.undo)}</kbd>
        </button>
        {addClass ? (
          <button type="button" onMouseDown={keepFocus} onClick={addClass} data-testid="add-class">
            <IconPlus size={20} aria-hidden /> {t('Class')}
          </button>
        ) : null}
      </div>
    </div>
  );
}
