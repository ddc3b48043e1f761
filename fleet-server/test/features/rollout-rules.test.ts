import { eq } from 'drizzle-orm';
import { devices, users } from '../../src/db/schema.js';
import { approvalsOf } from '../../src/features/rollouts/approvals.js';
import { approveRollout } from '../../src/features/rollouts/approve.js';
import { createRolloutsBackground } from '../../src/features/rollouts/background.js';
import * as repository from '../../src/features/rollouts/repository.js';
import { rollBack } from '../../src/features/rollouts/roll-back.js';
import { approveRules, setRules, standingRules } from '../../src/features/rollouts/rules.js';
import * as service from '../../src/features/rollouts/service.js';
import { eventsOf, timeZonesOf } from '../../src/features/rollouts/timeline.js';
import { deleteSite, listSites, putSite } from '../../src/features/sites/service.js';
import type { Role } from '../../src/http/route.js';
import { onEachEngine } from '../helpers/engines.js';
import { addDevice, addModel, openWorld } from './world.js';

const [ann, bob] = ['ann@example.org', 'bob@example.org'];
const as = (email: string, role: Role = 'admin') => ({ email, role });
const allAtOnce = { kind: 'all_at_once' as const };
const strict = { fourEyes: true, widestShare: 0.5 };

onEachEngine('what a rollout needs before it starts', async (t, engine) => {
  const world = await openWorld(t, engine);
  const { services } = world;
  const { db } = services.database;
  const addAdmin = (email: string) =>
    db.insert(users).values({ id: email, email, name: email, role: 'admin' as const });

  t.beforeEach(async () => {
    await world.reset();
    for (const number of [0, 1]) await addModel(world, number);
    for (const id of ['a', 'b', 'c']) await addDevice(world, id);
    await addAdmin(ann);
  });
  const stage = (actor: string, modelVersionId = 'v1') =>
    service.createRollout(services, actor, { modelVersionId, strategy: allAtOnce });
  const state = async (id: string) => (await repository.rolloutById(db, id)).state;

  t.test('four eyes: another admin approves, then anyone starts', async (t) => {
    await t.rejects(
      setRules(services, ann, strict),
      { code: 'conflict' },
      'one admin alone would be locked out',
    );
    await addAdmin(bob);
    const before = await stage(ann);
    await setRules(services, ann, strict);
    await t.rejects(service.startRollout(services, bob, before.id), { code: 'rollout_unapproved' });

    const { id, state: staged } = await stage(ann);
    t.equal(staged, 'awaiting_approval');
    await t.rejects(service.startRollout(services, bob, id), { code: 'rollout_state' });
    await t.rejects(approveRollout(services, as(ann), id), { code: 'own_approval' });
    t.strictSame(world.published, [], 'and nothing is signed');
    const approved = await approveRollout(services, as(bob), id);
    t.match(approved, { state: 'ready', createdBy: ann, approvedBy: bob });
    await t.rejects(approveRollout(services, as(bob), id), { code: 'rollout_state' }, 'once is enough');
    t.equal((await service.startRollout(services, ann, id)).state, 'running');

    t.match(await approveRollout(services, as(bob), before.id), { state: 'ready', approvedBy: bob });
    const refused = await stage(ann);
    await service.abortRollout(services, bob, refused.id);
    await t.rejects(approveRollout(services, as(bob), refused.id), { code: 'rollout_state' });
    t.equal(world.audit.filter(({ action }) => action === 'rollout.approve').length, 2);
  });

  t.test('what is urgent waits for nobody: abort, roll back, and the first model of a fleet', async (t) => {
    await addAdmin(bob);
    const background = createRolloutsBackground(services);
    for (const [actor, model] of [
      ['system', 'v0'],
      [ann, 'v1'],
    ] as const) {
      const { id } = await stage(actor, model);
      if (actor === ann) await approveRollout(services, as(bob), id);
      await service.startRollout(services, actor, id);
      await background.tick();
      for (const device of ['a', 'b', 'c']) await world.devices.report(device, 'confirmed');
      await background.tick();
      t.equal(await state(id), 'finished');
      await setRules(services, ann, strict);
    }
    const [latest] = await repository.listRollouts(db);
    await rollBack(services, ann, latest?.id ?? '');
    t.match((await repository.listRollouts(db))[0], { modelVersionId: 'v0', state: 'running' });
  });

  t.test('sites: each names who approves a rollout that touches it', async (t) => {
    await addAdmin(bob);
    await db.update(devices).set({ site: 'north' }).where(eq(devices.id, 'a'));
    await db.update(devices).set({ site: 'south' }).where(eq(devices.id, 'b'));
    const zone = { timeZone: 'Europe/Berlin' };
    t.match(await putSite(services, ann, 'north', { ...zone, approvals: ['operator', 'engineer'] }), {
      ...{ name: 'north', devices: 1 },
    });
    await t.rejects(putSite(services, ann, 'south', { timeZone: 'Mars/Base', approvals: null }), {
      code: 'request_invalid',
    });
    t.match(await listSites(db), [
      { name: 'north', timeZone: 'Europe/Berlin' },
      { name: 'south', timeZone: null, devices: 1 },
    ]);
    const south = await service.createRollout(services, ann, {
      ...{ modelVersionId: 'v1', strategy: allAtOnce, selection: { sites: ['south'] } },
    });
    t.equal(south.state, 'ready', 'the rules ask for nobody elsewhere');

    const { id, state: staged } = await stage(ann);
    t.equal(staged, 'awaiting_approval');
    const approve = (email: string, role: Role) => approveRollout(services, as(email, role), id);
    await t.rejects(approve(bob, 'admin'), { code: 'role_insufficient' });
    t.equal((await approve('olga@example.org', 'operator')).state, 'awaiting_approval');
    await t.rejects(
      approve('olga@example.org', 'engineer'),
      { code: 'rollout_state' },
      'one person, one role',
    );
    t.strictSame(
      (await approvalsOf(db, [await repository.rolloutById(db, id)]))
        .get(id)
        ?.map(({ role, by }) => [role, by]),
      [
        ['operator', 'olga@example.org'],
        ['engineer', null],
      ],
    );
    t.match(await approve('emil@example.org', 'engineer'), {
      state: 'ready',
      approvedBy: 'emil@example.org',
    });
    t.match(
      (await eventsOf(db, id)).map(({ from, to, by, reason }) => [from, to, by, reason]),
      [
        [null, 'awaiting_approval', ann, null],
        ['awaiting_approval', 'awaiting_approval', 'olga@example.org', 'As operator.'],
        ['awaiting_approval', 'ready', 'emil@example.org', 'As engineer.'],
      ],
    );
    await setRules(services, ann, { ...strict, approvals: ['operator'] });
    await t.rejects(service.startRollout(services, ann, id), { code: 'rollout_unapproved' });
    t.equal((await approve(bob, 'admin')).state, 'ready', 'the rules were tightened meanwhile');
    await t.rejects(
      putSite(services, ann, 'north', { ...zone, approvals: ['operator'] }),
      { code: 'conflict' },
      'where four eyes are the rule, nobody takes an approval away',
    );
    await t.rejects(deleteSite(services, ann, 'north'), { code: 'conflict' });
    t.equal((await service.startRollout(services, ann, id)).state, 'running');
    t.strictSame(await timeZonesOf(db, id), ['Europe/Berlin']);
    const everywhere = await repository.rolloutById(db, south.id);
    t.match((await approvalsOf(db, [everywhere])).get(south.id), [{ role: 'operator' }, { role: 'admin' }]);
    t.ok(world.audit.some(({ action, subject }) => action === 'site.set' && subject === 'north'));
  });

  t.test('rules are tightened by one and loosened by two', async (t) => {
    await addAdmin(bob);
    t.same(await standingRules(db), { rules: { fourEyes: false, widestShare: 0.5 }, proposal: null });
    await setRules(services, ann, strict);
    t.match(await setRules(services, ann, { fourEyes: true, widestShare: 0.1 }), { proposal: null });
    for (const loose of [
      { fourEyes: false, widestShare: 0.1 },
      { fourEyes: true, widestShare: 0.2 },
    ]) {
      t.match(await setRules(services, ann, loose), {
        rules: { fourEyes: true, widestShare: 0.1 },
        proposal: { rules: loose, by: ann },
      });
    }
    await t.rejects(approveRules(services, ann), { code: 'own_approval' });
    t.same(await approveRules(services, bob), {
      rules: { fourEyes: true, widestShare: 0.2 },
      proposal: null,
    });
    await t.rejects(approveRules(services, bob), { code: 'rollout_state' });
    await setRules(services, ann, { fourEyes: false, widestShare: 1 });
    t.match(
      await setRules(services, bob, { fourEyes: true, widestShare: 0 }),
      { proposal: null },
      'withdrawn',
    );
  });

  t.test('too much of the fleet at once is refused, in stages it is not', async (t) => {
    for (let i = 0; i < 27; i++) await addDevice(world, `more-${i}`);
    const wide = { modelVersionId: 'v1', strategy: allAtOnce };
    await t.rejects(service.createRollout(services, ann, wide), {
      code: 'rollout_too_wide',
      message: /^30 devices.*15 may be/,
    });
    const canary = { kind: 'canary' as const, canaries: 16, confirmations: 1, soakSeconds: 0 };
    const staged = (canaries: number) =>
      service.createRollout(services, ann, { modelVersionId: 'v1', strategy: { ...canary, canaries } });
    await t.rejects(staged(16), { code: 'rollout_too_wide' });
    await staged(15);
    const few = Array.from({ length: 10 }, (_, i) => `more-${i}`);
    await setRules(services, ann, { fourEyes: false, widestShare: 0 });
    await t.rejects(staged(15), { code: 'rollout_too_wide' });
    await service.createRollout(services, ann, { ...wide, selection: { deviceIds: few } });
    await setRules(services, ann, { fourEyes: false, widestShare: 1 });
    await service.createRollout(services, ann, wide);
  });
});
