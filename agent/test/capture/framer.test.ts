import t from 'tap';
import { Framer, type RawFrame } from '../../src/capture/gstreamer/framer.js';

const [width, height] = [4, 2];

/** Lets a picture of one value come over the pipe, in two pieces. */
function receive(framer: Framer, value: number, atMs: number): RawFrame {
  const first = framer.room().subarray(0, 5).fill(value);
  t.equal(framer.filled(first.length, atMs), null, 'no frame before its last byte');
  const frame = framer.filled(framer.room().fill(value).length, atMs + 1);
  if (!frame) throw new Error('no frame');
  return frame;
}
const byteOf = ({ rgb }: RawFrame): number => {
  const [value = -1] = rgb;
  return rgb.every((other) => other === value) ? value : -1;
};

t.test('a frame has its first byte’s time, and all its bytes', async (t) => {
  const frame = receive(new Framer(width, height), 7, 100);
  t.equal(frame.arrivedMs, 100);
  t.equal(frame.rgb.length, width * height * 3);
  t.equal(byteOf(frame), 7);
});

t.test('memory is used again once a frame is done with and no longer the newest', async (t) => {
  const framer = new Framer(width, height);
  const first = receive(framer, 1, 0);
  first.done();
  const second = receive(framer, 2, 10);
  t.equal(byteOf(first), 1, 'the newest frame was left alone while the next one came');
  const third = receive(framer, 3, 20);
  t.equal(third.rgb.buffer, first.rgb.buffer, 'the first frame’s memory');
  receive(framer, 4, 30);
  t.equal(byteOf(second), 2, 'the second frame is not done with');
});

t.test('a frame that is kept stays as it is', async (t) => {
  const framer = new Framer(width, height);
  const kept = receive(framer, 1, 0);
  kept.keep();
  kept.done();
  for (let value = 2; value < 9; value++) receive(framer, value, 10 * value).done();
  t.equal(byteOf(kept), 1);
});

t.test('rows that are padded in the pipe lose their padding', async (t) => {
  const framer = new Framer(3, 2);
  const padded = framer.room();
  t.equal(padded.length, 2 * 12);
  padded.set([...Array(9).fill(5), 0, 0, 0, ...Array(9).fill(5), 0, 0, 0]);
  const frame = framer.filled(padded.length, 0);
  t.equal(frame?.rgb.length, 18);
  t.equal(frame && byteOf(frame), 5);
});
