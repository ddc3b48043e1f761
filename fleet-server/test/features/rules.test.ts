import { eq } from 'drizzle-orm';
import fc from 'fast-check';
import sharp from 'sharp';
import t from 'tap';
import { frames, reviewItems } from '../../src/db/schema.js';
import { getFrame, labelFrame } from '../../src/features/frames/service.js';
import { applyRules } from '../../src/features/rules/apply.js';
import { fillIn, parsePattern } from '../../src/features/rules/pattern.js';
import { registerRules } from '../../src/features/rules/routes.js';
import type { DryRun, FrameRule, FrameRules } from '../../src/features/rules/schemas.js';
import { onEachEngine } from '../helpers/engines.js';
import { routesOf } from './routes.js';
import { addClasses, addFrame, openWorld, person, requestId } from './world.js';

t.test('patterns', async (t) => {
  const fits = (pattern: string, text: string) => parsePattern(pattern)(text);
  t.strictSame(fits('*.jpg', 'a.jpg'), {});
  t.equal(fits('*.jpg', 'a/b.jpg'), null, 'no further than a slash');
  t.strictSame(fits('**.jpg', 'a/b.jpg'), {});
  t.strictSame(fits('{class}/*_lot{lot}_?.jpg', 'no good/x_lot42_1.jpg'), { class: 'no good', lot: '42' });
  t.equal(fits('{class}/x', '/x'), null, 'something has to be there');
  t.strictSame(fits('[a].(b)+$', '[a].(b)+$'), {}, 'nothing else is special');
  t.throws(() => parsePattern('{a}{a}'), { code: 'request_invalid' });
  t.equal(fillIn('lot {lot}, {other}', { lot: '42' }), 'lot 42, {other}');
  t.equal(fits(`${'*a'.repeat(90)}b`, 'a'.repeat(1000)), null, 'and ends soon');

  // Against the regular expression that says the same.
  const piece = fc.constantFrom('a', 'b', '/', '*', '**', '?');
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 6 }),
      fc.array(fc.constantFrom('a', 'b', '/')),
      (parts, letters) => {
        const meant = parts
          .join('')
          .replaceAll(/\*\*|\*|\?/g, (each) => (each === '**' ? '.*' : each === '*' ? '[^/]*' : '[^/]'));
        const text = letters.join('');
        const expected = new RegExp(`^${meant}$`, 's').test(text);
        if ((fits(parts.join(''), text) !== null) !== expected) throw new Error(`${meant} ${text}`);
      },
    ),
  );
});

const rule = (id: string, change: Partial<FrameRule>): FrameRule => ({
  ...{ id, name: id, enabled: true, field: 'path', pattern: '{class}/*' },
  action: { kind: 'label', class: '{class}' },
  ...change,
});

onEachEngine('rules for frames', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const app = routesOf(t, (routes) => registerRules(routes, services));
  await app.ready();
  t.beforeEach(async () => {
    await world.reset();
    await addClasses(world, ['good', 'scratch']);
  });
  const call = async <T>(method: 'GET' | 'PUT' | 'POST', url: string, payload?: object): Promise<T> =>
    (await app.inject({ method, url: `/frame-rules${url}`, ...(payload && { payload }) })).json();
  const put = (rules: FrameRule[], applyTo: 'new' | 'all', revision = 0) =>
    call<FrameRules & { error?: { code: string } }>('PUT', '', { revision, rules, applyTo });
  const pass = () => {
    world.advance(60_000);
    return applyRules(services, new AbortController().signal);
  };
  const labelOf = async (id: string) => (await getFrame(services, id)).frame.label;

  t.test('labels by path, proposals by a field of the PLC, and a slice by file name', async (t) => {
    const byPath = await addFrame(world, { source: 'GOOD/part_lot7_1.jpg' });
    const byPlc = await addFrame(world, { source: 'nobody/x.jpg' });
    await db
      .update(frames)
      .set({ metadata: { station: 'reject' } })
      .where(eq(frames.id, byPlc));
    const other = await addFrame(world);
    const rules = [
      rule('folders', {}),
      rule('lots', {
        ...{ field: 'file', pattern: '*_lot{n}_*' },
        action: { kind: 'metadata', key: 'lot', value: 'lot {n}' },
      }),
      rule('plc', {
        ...{ field: 'metadata.station', pattern: 'reject' },
        action: { kind: 'prelabel', class: 'scratch' },
      }),
    ];

    const tried = await call<DryRun>('POST', '/dry-run', { rules });
    t.equal(tried.frames, 3);
    t.match(tried.rules, [
      { id: 'folders', matched: 2, applies: 1, unresolved: 1 },
      { id: 'lots', applies: 1, examples: [{ frameId: byPath, gives: 'lot=lot 7' }] },
      { id: 'plc', applies: 1, examples: [{ text: 'reject', gives: 'scratch' }] },
    ]);
    t.equal(await labelOf(byPath), null, 'nothing was written');

    t.equal((await put(rules, 'all')).revision, 1);
    t.equal(
      (await put(rules, 'all')).error?.code,
      'edited_meanwhile',
      'not over the change of somebody else',
    );
    t.equal(await pass(), 2);
    t.match(await labelOf(byPath), { classId: 'good', source: 'rule', author: 'rule: folders' });
    t.match((await getFrame(services, byPath)).frame.metadata, { lot: 'lot 7' });
    const [item] = await db.select().from(reviewItems).where(eq(reviewItems.frameId, byPlc));
    t.match(item, { state: 'queued', givenClassId: 'scratch' });
    t.equal(await labelOf(other), null);
    t.equal(await pass(), 0, 'once');

    const later = await addFrame(world, { source: 'scratch/y.jpg' });
    await db
      .update(frames)
      .set({ receivedAt: new Date(services.now()) })
      .where(eq(frames.id, later));
    t.equal(await pass(), 1, 'and to what comes');
    t.match(await labelOf(later), { classId: 'scratch' });
  });

  t.test('what people said stays, and for new frames alone the old ones are left', async (t) => {
    const labelled = await addFrame(world, { source: 'good/a.jpg' });
    await labelFrame(services, person('ann'), labelled, { requestId: requestId(), classId: 'scratch' });
    const old = await addFrame(world, { source: 'good/b.jpg' });
    world.advance(1000);
    await put([rule('folders', {})], 'new');
    t.equal(await pass(), 0);
    t.equal(await labelOf(old), null);
    await put([rule('folders', {})], 'all', 1);
    t.equal(await pass(), 1);
    t.match(await labelOf(labelled), { classId: 'scratch', author: 'ann@example.org' });
    t.match(await labelOf(old), { classId: 'good' });
  });

  t.test('EXIF and XMP', async (t) => {
    const xmp =
      '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
      '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:q="q" q:result="scratch">' +
      '<dc:subject><rdf:Bag><rdf:li>press 4</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>';
    const picture = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#123456' } })
      .jpeg()
      .withExif({ IFD0: { Make: 'Basler' } })
      .withXmp(xmp)
      .toBuffer();
    const { sha256 } = await services.blobs.put(picture);
    const id = await addFrame(world, { imageSha256: sha256 });
    const lost = await addFrame(world);
    const slice = (field: string, key: string) =>
      rule(key, { field, pattern: '{all}', action: { kind: 'metadata', key, value: '{all}' } });
    await put(
      [
        rule('result', { field: 'xmp.q:result', pattern: '{class}' }),
        slice('exif.Make', 'make'),
        slice('xmp.dc:subject', 'press'),
      ],
      'all',
    );
    t.equal(await pass(), 1);
    const { frame } = await getFrame(services, id);
    t.match(frame, { label: { classId: 'scratch' }, metadata: { make: 'Basler', press: 'press 4' } });
    t.equal(await labelOf(lost), null);
  });
});
