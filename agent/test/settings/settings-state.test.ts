import fc from 'fast-check';
import t from 'tap';
import {
  began,
  emptySettings,
  forgotten,
  maximumStarts,
  passed,
  phaseOf,
  planSettings,
  refusedAs,
  restarted,
  type SettingsState,
  stoppedInOrder,
} from '../../src/settings/settings-state.js';

const settings = (revision: number) => ({ revision, settings: { logLevel: 'warn' } });
const wanting = (revision: number | null, state: Partial<SettingsState> = {}): SettingsState => ({
  ...emptySettings,
  wanted: revision === null ? null : settings(revision),
  ...state,
});

t.test('what the next step is, and where the settings stand', async (t) => {
  const trial = { settings: settings(2), before: [], starts: 1 };
  const refused = { revision: 2, phase: 'rolled_back' as const, code: 'config_unhealthy', message: 'cam' };
  const on1 = { applied: settings(1) };
  const on2 = { applied: settings(2) };
  type Row = [name: string, state: SettingsState, inForce: number | null, step: object | null, phase: string];
  const table: Row[] = [
    ['nothing from afar', wanting(null), 0, null, 'own'],
    ['new settings', wanting(2), 0, { kind: 'try' }, 'own'],
    ['on trial, no station yet', wanting(2, { trial }), 0, { kind: 'install' }, 'applying'],
    ['on trial and in force', wanting(2, { trial }), 2, { kind: 'judge' }, 'applying'],
    ['newer ones during a trial', wanting(3, { trial }), 2, { kind: 'try' }, 'applying'],
    ['applied', wanting(2, on2), 2, null, 'applied'],
    ['applied, and the station is gone', wanting(2, on2), null, { kind: 'restore' }, 'applying'],
    ['refused, in force', wanting(2, { refused }), 2, { kind: 'restore', settings: null }, 'applying'],
    ['refused, the last good ones in force', wanting(2, { refused, ...on1 }), 1, null, 'rolled_back'],
    ['a new revision after a refused one', wanting(3, { refused }), 0, { kind: 'try' }, 'own'],
    ['no longer wanted', wanting(null, on2), 2, { kind: 'forget' }, 'applied'],
    ['no longer wanted, on trial', wanting(null, { trial }), 2, { kind: 'forget' }, 'applying'],
    ['forgotten, still in force', wanting(null), 2, { kind: 'restore', settings: null }, 'applying'],
    ['a refused one wanted again', wanting(2, { refused }), 0, null, 'rolled_back'],
  ];
  for (const [name, state, inForce, step, phase] of table) {
    const planned = planSettings(state, inForce);
    if (step === null) t.equal(planned, null, name);
    else t.match(planned, step, name);
    t.equal(phaseOf(state, inForce), phase, `${name}: ${phase}`);
  }
});

t.test('a trial that ends with the process is counted; an ordered end is not', async (t) => {
  let state = wanting(2, { ...began(settings(2), []), applied: settings(1) });
  for (let start = 2; start <= maximumStarts; start++) {
    state = { ...state, ...restarted(state) };
    t.equal(state.trial?.starts, start);
  }
  t.match(
    { ...state, ...restarted(state) },
    { trial: null, refused: { revision: 2, code: 'config_unhealthy' } },
  );
  state = { ...state, ...stoppedInOrder(state) };
  t.equal(state.trial?.starts, 0);
  t.equal({ ...state, ...restarted(state) }.trial?.starts, 1);
  t.equal(restarted(wanting(null)), null);
});

t.test('whatever is wanted and however it goes, the plan comes to rest at what is good', async () => {
  const news = fc.oneof(
    fc.constant(null),
    fc.constantFrom('good' as const, 'invalid' as const, 'sick' as const, 'crash' as const),
  );
  fc.assert(
    fc.property(fc.array(news, { maxLength: 12 }), fc.array(fc.nat(3)), (arrivals, pauses) => {
      let state = emptySettings;
      let inForce: number | null = 0;
      const outcomes = new Map<number, string>();
      const tried: number[] = [];
      let revision = 0;
      const become = (change: Partial<SettingsState> | null): void => {
        state = { ...state, ...change };
      };
      const work = (most: number): void => {
        for (let i = 0; i < most; i++) {
          const step = planSettings(state, inForce);
          if (!step) return;
          if (step.kind === 'forget') become(forgotten);
          if (step.kind === 'restore') inForce = step.settings?.revision ?? 0;
          if (step.kind === 'install') inForce = step.settings.revision;
          if (step.kind === 'try') {
            const next = step.settings;
            tried.push(next.revision);
            const isInvalid = outcomes.get(next.revision) === 'invalid';
            become(isInvalid ? refusedAs('rejected', next.revision, 'config_invalid', '') : began(next, []));
          }
          if (step.kind !== 'judge') continue;
          const on = state.trial?.settings.revision ?? 0;
          const outcome = outcomes.get(on);
          if (outcome === 'good') become(passed(state));
          if (outcome === 'sick') become(refusedAs('rolled_back', on, 'config_unhealthy', ''));
          if (outcome !== 'crash') continue;
          become(restarted(state));
          inForce = state.trial?.settings.revision ?? state.applied?.revision ?? 0;
        }
      };
      for (const [index, arrival] of arrivals.entries()) {
        if (arrival !== null) outcomes.set(++revision, arrival);
        become({ wanted: arrival === null ? null : settings(revision) });
        work(pauses[index] ?? 50);
      }
      work(100);
      const wanted = state.wanted?.revision;
      return (
        planSettings(state, inForce) === null &&
        inForce === (state.applied?.revision ?? 0) &&
        (inForce === 0 || outcomes.get(inForce) === 'good') &&
        (wanted === undefined ? inForce === 0 : outcomes.get(wanted) !== 'good' || inForce === wanted)
      );
    }),
    { numRuns: 2000 },
  );
});
