import type { Dispute } from '../../api/types.js';
import { phrases } from '../../i18n/index.js';

/** Why a person was asked. */
export const whyWords: Record<NonNullable<Dispute['opinions'][number]['why']>, string> = phrases({
  order: 'asked first',
  sent: 'sent to the queue',
  sample: 'second opinion, by chance',
  contradiction: 'second opinion: the first contradicted a sure model',
  disagreement: 'third opinion',
  late: 'came late',
  known_answer: 'known answer',
  dispute: 'decided a dispute',
  undo: 'as before',
});
