import { LinesideError } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { type ConditionKind, QualityPlan } from './quality-plan.js';

/** Before the group switches, its devices run the new version beside their own, without acting on what it says. */
export const ShadowTrial = Type.Object(
  {
    seconds: Type.Integer({ minimum: 0, maximum: 2_592_000, description: 'At least so long' }),
    share: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'Of the frames that the new version sees too',
    }),
    quality: QualityPlan,
  },
  { additionalProperties: false },
);
export type ShadowTrial = Static<typeof ShadowTrial>;

/** What can be measured of a model that decides nothing yet. */
const measurable: ReadonlySet<ConditionKind> = new Set(['disagreement', 'latency']);

/** @throws LinesideError `request_invalid` */
export function mustBeMeasurable(name: string, { quality }: ShadowTrial): void {
  const wrong = quality.conditions.find(({ kind }) => !measurable.has(kind));
  if (!wrong) return;
  throw new LinesideError('request_invalid', `${name}: ${wrong.kind} cannot be measured in the shadow.`);
}
