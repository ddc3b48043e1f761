import t from 'tap';
import { nextTrial } from '../../src/reconcile/trial.js';

const model = { version: 'v2', releaseCounter: 2, target: 'm', manifestSha256: 'a'.repeat(64) };
const other = { ...model, releaseCounter: 3 };

t.test('a trial that ended with the process counts; an ordinary power cut does not', async (t) => {
  const first = nextTrial(null, model, 'boot-1');
  t.equal(first.starts, 1);
  t.equal(nextTrial(first, model, 'boot-1').starts, 2, 'it went down while it loaded');
  t.equal(nextTrial(first, model, 'boot-2').starts, 2, 'it may have taken the machine with it');
  const decided = { ...first, decided: true };
  t.equal(nextTrial(decided, model, 'boot-1').starts, 2, 'it went down after it had decided');
  let cut = decided;
  for (const boot of ['boot-2', 'boot-3', 'boot-4', 'boot-5']) {
    cut = { ...nextTrial(cut, model, boot), decided: true };
  }
  t.equal(cut.starts, 1, 'the power went, again and again');
  t.equal(nextTrial(decided, other, 'boot-1').starts, 1, 'another release begins anew');
});
