import Type, { type Static } from 'typebox';
import { IdParams, Nullable, Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { Approvals, ApproverRole } from '../sites/schemas.js';
import { Gate, Strategy } from './plan.js';
import { ConditionFigures } from './quality-plan.js';
import { Selection } from './selection.js';
import { executionStates, groupStates, rolloutStates } from './states.js';
import { RolloutEvent } from './timeline.js';

export const Execution = Type.Object({
  deviceId: Type.String(),
  deviceName: Type.String(),
  group: Type.Integer({ minimum: 0 }),
  state: Type.Enum(executionStates),
  progress: Nullable(Type.Number()),
  code: Nullable(Type.String()),
  message: Nullable(Type.String()),
  updatedAt: Timestamp,
});
export type Execution = Static<typeof Execution>;

export const Rollout = Type.Object({
  id: Type.String(),
  number: Type.Integer(),
  state: Type.Enum(rolloutStates),
  modelVersionId: Type.String(),
  previousModelVersionId: Nullable(Type.String()),
  releaseCounter: Type.Integer(),
  strategy: Strategy,
  selection: Selection,
  createdAt: Timestamp,
  createdBy: Type.String(),
  approvedBy: Nullable(Type.String({ description: 'Never who created it; null: nobody, or nobody had to' })),
  approvedAt: Nullable(Timestamp),
  approvals: Type.Array(
    Type.Object({ role: ApproverRole, by: Nullable(Type.String()), at: Nullable(Timestamp) }),
    { description: 'Given ones, and those that it still needs, by nobody yet' },
  ),
  startedAt: Nullable(Timestamp),
  finishedAt: Nullable(Timestamp),
  reason: Nullable(Type.String({ description: 'Why it paused, failed or was rolled back' })),
  groups: Type.Array(
    Type.Object({
      index: Type.Integer({ minimum: 0 }),
      name: Type.String(),
      gate: Gate,
      state: Type.Enum(groupStates),
      devices: Type.Integer(),
      waiting: Type.Integer({ description: 'Not told yet' }),
      confirmed: Type.Integer(),
      failed: Type.Integer({ description: 'Of every kind' }),
      failures: Type.Object({
        failed: Type.Integer(),
        rejected: Type.Integer({ description: 'The device did not trust the package' }),
        timed_out: Type.Integer(),
      }),
      held: Type.Integer({ description: 'Ready, and held by their plant' }),
      away: Type.Integer({ description: 'Offline and not through' }),
      soakEndsAt: Nullable(
        Type.String({
          format: 'date-time',
          description: 'Of the soak, or of the trial in the shadow: at the earliest',
        }),
      ),
      quality: Type.Array(ConditionFigures, { description: 'How the conditions of its gate stand' }),
      trial: Type.Array(ConditionFigures, { description: 'The same of the new version in the shadow' }),
    }),
  ),
});
export type Rollout = Static<typeof Rollout>;

export const RolloutDetail = Type.Object({
  rollout: Rollout,
  executions: Type.Array(Execution),
  timeZones: Type.Array(Type.String(), { description: 'Of the sites of its devices' }),
  events: Type.Array(RolloutEvent, { description: 'Its states and those of its groups, in order' }),
});
export type RolloutDetail = Static<typeof RolloutDetail>;

const action = <const U extends string>(url: U, summary: string, access: 'operator' | 'admin' = 'admin') =>
  defineRoute({
    method: 'POST',
    url,
    tag: 'rollouts',
    summary,
    access,
    params: IdParams,
    response: Rollout,
  });

export const listRollouts = defineRoute({
  method: 'GET',
  url: '/rollouts',
  tag: 'rollouts',
  summary: 'Rollouts, newest first',
  access: 'viewer',
  response: Type.Object({ items: Type.Array(Rollout) }),
});
export const getRollout = defineRoute({
  method: 'GET',
  url: '/rollouts/:id',
  tag: 'rollouts',
  summary: 'One rollout with every device in it',
  access: 'viewer',
  params: IdParams,
  response: RolloutDetail,
});
export const createRollout = defineRoute({
  method: 'POST',
  url: '/rollouts',
  tag: 'rollouts',
  summary:
    'Stage a model version; it waits in ready until started, or in awaiting_approval where four eyes are the rule',
  access: 'admin',
  status: 201,
  body: Type.Object({
    modelVersionId: Type.String(),
    strategy: Strategy,
    selection: Type.Optional(Selection),
    deviceIds: Type.Optional(Type.Array(Type.String(), { description: 'Short for a selection by id' })),
    start: Type.Optional(
      Type.Boolean({ default: false, description: 'At once, unless somebody else has to approve it first' }),
    ),
  }),
  response: Rollout,
});
export const RolloutPreview = Type.Object({
  devices: Type.Integer(),
  online: Type.Integer(),
  running: Type.Integer({ description: 'Of them, run the version already' }),
  widest: Type.Boolean({
    description: 'Its first group is more than the rules allow at once: it would be refused',
  }),
  groups: Type.Array(
    Type.Object({
      name: Type.String(),
      devices: Type.Integer(),
      names: Type.Array(Type.String(), { description: 'The first few, as it would be started now' }),
    }),
  ),
});
export type RolloutPreview = Static<typeof RolloutPreview>;
export const previewRollout = defineRoute({
  method: 'POST',
  url: '/rollouts/preview',
  tag: 'rollouts',
  summary: 'Which devices a rollout would go to, in which groups; nothing is staged',
  access: 'viewer',
  body: Type.Object({
    modelVersionId: Type.String(),
    strategy: Strategy,
    selection: Type.Optional(Selection),
  }),
  response: RolloutPreview,
});
export const approveRollout = action(
  '/rollouts/:id/approve',
  'Give the approval of your role to a rollout that somebody else staged',
  'operator',
);
export const startRollout = action('/rollouts/:id/start', 'Start a ready rollout');
export const pauseRollout = action('/rollouts/:id/pause', 'Start no further group');
export const resumeRollout = action('/rollouts/:id/resume', 'Go on after a pause');
export const abortRollout = action('/rollouts/:id/abort', 'Stop; devices keep what they run');
export const rollBackRollout = action(
  '/rollouts/:id/roll-back',
  'Give every touched device the version it ran before, under a new release counter',
);

export const FleetStop = Type.Object({ at: Timestamp, by: Type.String(), reason: Type.String() });
export type FleetStop = Static<typeof FleetStop>;
export const getFleetStop = defineRoute({
  method: 'GET',
  url: '/rollouts/stop',
  tag: 'rollouts',
  summary: 'Whether the fleet is stopped, and why',
  access: 'viewer',
  response: Type.Object({ stop: Nullable(FleetStop) }),
});
export const stopFleet = defineRoute({
  method: 'POST',
  url: '/rollouts/stop',
  tag: 'rollouts',
  summary: 'Emergency stop: no device is told of a model, a challenger or settings until it is lifted',
  access: 'operator',
  body: Type.Object({ reason: Type.String({ minLength: 1, maxLength: 300 }) }),
  response: Type.Object({ stop: FleetStop }),
});
export const liftFleetStop = defineRoute({
  method: 'POST',
  url: '/rollouts/stop/lift',
  tag: 'rollouts',
  summary: 'Go on: rollouts that were running continue',
  access: 'admin',
  response: Type.Object({ stop: Type.Null() }),
});

export const RolloutRules = Type.Object(
  {
    fourEyes: Type.Boolean({
      description: 'A rollout starts only after an admin who did not stage it approved it',
    }),
    widestShare: Type.Number({
      minimum: 0,
      maximum: 1,
      description: 'Share of the fleet that the first group of a rollout may hold; ten devices always may',
    }),
    approvals: Type.Optional(Approvals),
  },
  { additionalProperties: false },
);
export type RolloutRules = Static<typeof RolloutRules>;

export const StandingRules = Type.Object({
  rules: RolloutRules,
  proposal: Nullable(
    Type.Object(
      { rules: RolloutRules, by: Type.String(), at: Timestamp },
      { description: 'A change that loosens the rules and waits for a second admin' },
    ),
  ),
});
export type StandingRules = Static<typeof StandingRules>;

export const getRolloutRules = defineRoute({
  method: 'GET',
  url: '/rollouts/rules',
  tag: 'rollouts',
  summary: 'What a rollout needs before it starts',
  access: 'viewer',
  response: StandingRules,
});
export const setRolloutRules = defineRoute({
  method: 'PUT',
  url: '/rollouts/rules',
  tag: 'rollouts',
  summary: 'Change the rules; where four eyes are the rule, looser ones become a proposal',
  access: 'admin',
  body: RolloutRules,
  response: StandingRules,
});
export const approveRolloutRules = defineRoute({
  method: 'POST',
  url: '/rollouts/rules/approve',
  tag: 'rollouts',
  summary: 'Put the rules that another admin proposed into force',
  access: 'admin',
  response: StandingRules,
});
