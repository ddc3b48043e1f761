import { Button, Modal } from '@mantine/core';
import { type KeyboardEvent, useState } from 'react';
import { phrase, t } from '../../i18n/index.js';
import { actions, conflict, type KeyMap, keyOf, keyWords, type ReviewAction } from './key-map.js';
import classes from './review.module.css';
import { instantly } from './use-keys.js';

const fixed = [
  ['1 – 9, 0', phrase('Choose the class')],
  [phrase('Wheel, drag'), phrase('Zoom and move the picture')],
  [phrase('Arrows'), phrase('Move the box; Shift: by ten, Alt or Ctrl: its size')],
  [phrase('Tab, Del'), phrase('The next box; remove it')],
] as const;

interface KeysDialogProps {
  opened: boolean;
  onClose: () => void;
  keys: KeyMap;
  /** Null: the usual ones. */
  change: (keys: KeyMap | null) => void;
}

/** The keys, each of which can be given another. */
export function KeysDialog({ opened, onClose, keys, change }: KeysDialogProps) {
  const [waiting, setWaiting] = useState<ReviewAction | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const rebind = (event: KeyboardEvent, action: ReviewAction) => {
    if (waiting !== action) return;
    const key = keyOf(event.nativeEvent);
    if (key === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (key !== 'Escape') {
      const taken = conflict(keys, action, key);
      setProblem(taken);
      if (taken !== null) return;
      change({ ...keys, [action]: key });
    }
    setProblem(null);
    setWaiting(null);
  };
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('Keys')}
      transitionProps={instantly}
      closeOnEscape={waiting === null}
    >
      <dl className={classes.keyList}>
        {fixed.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd className={classes.key}>{t(key)}</kbd>
            </dt>
            <dd>{t(meaning)}</dd>
          </div>
        ))}
        {(Object.keys(actions) as ReviewAction[]).map((action) => (
          <div key={action}>
            <dt>
              <button
                type="button"
                className={classes.rebind}
                data-waiting={waiting === action ? '' : undefined}
                data-testid={`key-${action}`}
                aria-label={t('{{meaning}}: {{keyWords}}. Change the key', {
                  meaning: t(actions[action].meaning),
                  keyWords: keyWords(keys[action]),
                })}
                onClick={() => {
                  setProblem(null);
                  setWaiting(waiting === action ? null : action);
                }}
                onKeyDown={(event) => rebind(event, action)}
                onBlur={() => setWaiting(null)}
              >
                <kbd className={classes.key}>
                  {waiting === action ? t('Press a key') : keyWords(keys[action])}
                </kbd>
              </button>
            </dt>
            <dd>
              {t(actions[action].meaning)}
              {waiting === action && problem ? <small role="alert">{problem}</small> : null}
            </dd>
          </div>
        ))}
      </dl>
      <Button variant="default" mt="md" onClick={() => change(null)}>
        {t('The usual keys')}
      </Button>
    </Modal>
  );
}
