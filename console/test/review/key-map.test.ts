import t from 'tap';
import {
  actionOf,
  conflict,
  keyOf,
  keyWords,
  readKeys,
  usualKeys,
} from '../../src/features/review/key-map.js';

const pressed = (key: string, held: { ctrl?: boolean; shift?: boolean; alt?: boolean } = {}) => ({
  key,
  ctrlKey: held.ctrl ?? false,
  shiftKey: held.shift ?? false,
  altKey: held.alt ?? false,
  metaKey: false,
});

t.test('a key is written the same whatever the keyboard has to hold for it', async (t) => {
  t.equal(keyOf(pressed('u')), 'u');
  t.equal(keyOf(pressed(' ')), 'Space');
  t.equal(keyOf(pressed('?', { shift: true })), '?');
  t.equal(keyOf(pressed('Z', { ctrl: true, shift: true })), 'Ctrl Shift z');
  t.equal(keyOf(pressed('z', { ctrl: true })), 'Ctrl z');
  t.equal(keyOf(pressed('U', { shift: true })), 'Shift u');
  t.equal(keyOf(pressed('ArrowLeft', { shift: true })), 'Shift ArrowLeft');
  t.equal(keyOf(pressed('Shift', { shift: true })), null);
  t.equal(keyWords('Ctrl Shift z'), 'Ctrl Shift Z');
});

t.test('every usual key means one thing', async (t) => {
  for (const [action, key] of Object.entries(usualKeys)) t.equal(actionOf(usualKeys, key), action);
});

t.test('a key is not given twice, and digits are for classes', async (t) => {
  t.match(conflict(usualKeys, 'unsure', 'Enter'), /Accept/);
  t.match(conflict(usualKeys, 'unsure', '3'), /Digits/);
  t.match(conflict(usualKeys, 'unsure', 'Escape'), /browser/);
  t.equal(conflict(usualKeys, 'unsure', 'u'), null, 'its own');
  t.equal(conflict(usualKeys, 'unsure', 'x'), null);
});

t.test('what was kept counts where it is right', async (t) => {
  t.strictSame(readKeys(null), usualKeys);
  t.strictSame(readKeys({ unsure: 'x', nothing: 'y' }), { ...usualKeys, unsure: 'x' });
  t.strictSame(readKeys({ accept: 'Enter', unsure: 'Enter', skip: 7 }), usualKeys);
  t.match(
    readKeys({ ...usualKeys, book: 'b', boxes: undefined }),
    { book: 'b', boxes: 'a' },
    'an action that came later takes a free letter',
  );
  t.strictSame(readKeys({ accept: 'Space', skip: 'Enter' }), {
    ...usualKeys,
    accept: 'Space',
    skip: 'Enter',
  });
});
