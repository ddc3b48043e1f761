import { isLinesideError } from '@lineside/shared';
import { mergeClass } from '../../src/features/classes/merge.js';
import { currentBook, versionsOf } from '../../src/features/label-book/repository.js';
import { addExample, writeEntry } from '../../src/features/label-book/service.js';
import { onEachEngine } from '../helpers/engines.js';
import { addClasses, addFrame, openWorld, person, requestId } from './world.js';

const [ann, bob] = [person('ann'), person('bob')];
const refused = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (isLinesideError(error) ? error.code : error),
  );

onEachEngine('label book', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const book = async (classId: string) => (await currentBook(db)).find((entry) => entry.classId === classId);

  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, ['good', 'scratch']);
  });

  t.test('what a class means is written version by version, and each can be read again', async (t) => {
    const frame = await addFrame(world);
    t.match(await book('scratch'), { version: 0, definition: '', examples: [], author: null });
    const id = requestId();
    const body = { requestId: id, basedOn: 0, definition: ' Longer than 2 mm. ', examples: [] };
    const [first, again] = await Promise.all([
      writeEntry(services, ann, 'scratch', body),
      writeEntry(services, ann, 'scratch', body),
    ]);
    t.strictSame(first, again, 'a double click writes one version');
    t.match(first, { version: 1, definition: 'Longer than 2 mm.', change: 'definition written' });

    const stale = { ...body, requestId: requestId(), definition: 'Longer than 3 mm.' };
    t.equal(await refused(writeEntry(services, bob, 'scratch', stale)), 'edited_meanwhile');
    const examples = [{ frameId: frame, kind: 'counter' as const, note: 'A hair, not a scratch' }];
    await writeEntry(services, bob, 'scratch', { ...stale, basedOn: 1, examples });
    await writeEntry(services, bob, 'scratch', { ...stale, requestId: requestId(), basedOn: 2, examples });
    t.match(
      await versionsOf(db, 'scratch'),
      [
        { version: 2, author: bob.email, change: 'definition changed, 1 example added' },
        { version: 1, author: ann.email, definition: 'Longer than 2 mm.' },
      ],
      'the same again is no version',
    );
    t.strictSame(
      world.audit.map(({ action, subject }) => `${action} ${subject}`),
      ['label_book.change scratch', 'label_book.change scratch'],
    );
  });

  t.test('frames become examples one by one, also at the same time', async (t) => {
    const frames = [await addFrame(world), await addFrame(world), await addFrame(world)];
    await Promise.all(
      frames.map((frameId) =>
        addExample(services, ann, 'good', { requestId: requestId(), frameId, kind: 'representative' }),
      ),
    );
    t.strictSame((await book('good'))?.examples.map(({ frameId }) => frameId).sort(), frames);
    const known = { requestId: requestId(), frameId: frames[1]!, kind: 'borderline' as const, note: 'Dusty' };
    t.match(await addExample(services, ann, 'good', known), { version: 4, change: '1 example changed' });
    t.match(await addExample(services, ann, 'good', known), { version: 4 }, 'a double click adds it once');
    t.equal(await refused(addExample(services, bob, 'good', known)), 'conflict', "another's request id");
    t.equal((await book('good'))?.examples.length, 3);
    t.equal(
      await refused(addExample(services, ann, 'good', { ...known, requestId: requestId(), frameId: 'none' })),
      'not_found',
    );
    const twice = [known, known].map(({ frameId, kind, note }) => ({ frameId, kind, note }));
    t.equal(
      await refused(
        writeEntry(services, ann, 'good', {
          requestId: requestId(),
          basedOn: 4,
          definition: '',
          examples: twice,
        }),
      ),
      'request_invalid',
    );
  });

  t.test('a class that is no more has no page, and what it said can still be read', async (t) => {
    const written = { requestId: requestId(), basedOn: 0, definition: 'As it should be.', examples: [] };
    await writeEntry(services, ann, 'good', written);
    await mergeClass(services, ann, { classId: 'good', into: 'scratch', requestId: requestId() });
    t.strictSame(
      (await currentBook(db)).map(({ classId }) => classId),
      ['scratch'],
    );
    t.match(await versionsOf(db, 'good'), [{ definition: 'As it should be.' }]);
    t.equal(
      await refused(writeEntry(services, ann, 'good', { ...written, requestId: requestId() })),
      'class_unknown',
    );
  });
});
