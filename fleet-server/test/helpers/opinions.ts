import type { OpinionSettings } from '../../src/features/opinions/schemas.js';

/** Nobody is asked what somebody has answered already. */
export const oneAnswerEach: OpinionSettings = {
  secondOpinions: 0,
  sureModel: null,
  knownAnswers: 0,
  disputedInDatasets: false,
};
