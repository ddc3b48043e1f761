import t from 'tap';
import { shrink } from '../../src/learning/image.js';
import { drawTexture } from './fixtures.js';

t.test('shrinking keeps the aspect and leaves small pictures alone', async (t) => {
  t.match(await shrink(drawTexture('cloud', 1, 640, 480), 320), { width: 320, height: 240 });
  const small = drawTexture('cloud', 1);
  t.equal(await shrink(small, 320), small);
});
