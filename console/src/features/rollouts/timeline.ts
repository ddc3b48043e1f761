import type { Rollout, RolloutEvent } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import type { Tone } from '../../ui/signal.js';
import { groupTones, groupWords, rolloutTones, rolloutWords } from './states.js';

type RolloutState = Rollout['state'];
type GroupState = Rollout['groups'][number]['state'];

/** A stretch of time in one state; `untilMs` null: it lasts. */
export interface Span {
  words: string;
  tone: Tone;
  fromMs: number;
  untilMs: number | null;
}
export interface Lane {
  name: string;
  spans: Span[];
}

export interface Told {
  /** What it is about: a group, or null for the rollout as a whole. */
  group: string | null;
  words: string;
  tone: Tone;
}

const verbs: Record<Rollout['state'], string> = phrases({
  draft: 'Drafted',
  awaiting_approval: 'Staged, waits for approval',
  ready: 'Staged',
  running: 'Started',
  paused: 'Paused',
  finished: 'Finished',
  aborted: 'Aborted',
  rolled_back: 'Rolled back',
});

function rolloutVerb(from: RolloutEvent['from'], to: RolloutState): string {
  if (from === to || (to === 'ready' && from !== null)) return t('Approved');
  if (to === 'running' && from === 'paused') return t('Resumed');
  return t(verbs[to]);
}

export const nameOf = ({ groups }: Rollout, group: number): string =>
  groups[group]?.name ?? t('Group {{group}}', { group: group + 1 });

/** An event as people say it. */
export function told({ group, from, to }: RolloutEvent, rollout: Rollout): Told {
  if (group === null) {
    const state = to as RolloutState;
    return { group: null, words: rolloutVerb(from, state), tone: rolloutTones[state] };
  }
  const state = to as GroupState;
  const words = from === 'failed' ? t('Tries again') : t(groupWords[state]);
  return { group: nameOf(rollout, group), words, tone: groupTones[state] };
}

const atRest = new Set<Rollout['state']>(['finished', 'aborted', 'rolled_back']);

/** The rollout and each of its groups that moved, with how long each state lasted. */
export function lanes(events: readonly RolloutEvent[], rollout: Rollout): Lane[] {
  const keys = [...new Set(events.map(({ group }) => group))].sort((a, b) => (a ?? -1) - (b ?? -1));
  const end = atRest.has(rollout.state) ? Date.parse(events.at(-1)?.at ?? '') : null;
  return keys.map((key) => {
    const mine = events.filter(({ group }) => group === key);
    const spans = mine.map((event, at): Span => {
      const next = mine[at + 1];
      return {
        words:
          key === null ? t(rolloutWords[event.to as RolloutState]) : t(groupWords[event.to as GroupState]),
        tone: told(event, rollout).tone,
        fromMs: Date.parse(event.at),
        untilMs: next ? Date.parse(next.at) : end,
      };
    });
    return { name: key === null ? t('Rollout') : nameOf(rollout, key), spans };
  });
}

/** In which zones its plants read the clock: those of its sites, else of its windows, else that of the reader. */
export function zonesOf({ groups }: Rollout, ofSites: string[], here: string): string[] {
  if (ofSites.length > 0) return ofSites;
  const zones = groups.flatMap(({ gate }) => gate.window?.timeZone ?? []);
  return zones.length === 0 ? [here] : [...new Set(zones)];
}
