import type { Why } from '../frames/schemas.js';
import type { Verdict } from './verdict.js';

/** Why a frame is in the review queue. */
export type Asked = Extract<Why, 'order' | 'sent' | 'sample' | 'contradiction' | 'disagreement'>;

/** For the opinion of one more person, who is not to know what the others said. */
export const furtherAsks: readonly Asked[] = ['sample', 'contradiction', 'disagreement'];
export const isFurther = (asked: Asked): boolean => furtherAsks.includes(asked);

export interface AskFacts {
  verdict: Verdict;
  /** Chosen for a second opinion by the hash of its id. */
  sampled: boolean;
  /** The only answer contradicts a model that was sure. */
  contradicts: boolean;
  /** Its answer is known and measures people. */
  known: boolean;
}

/** Labels that came from elsewhere are nobody's answer to a question here. */
const asks = ['review', 'explorer', 'api'];

/** For what one more person is to be asked; null: for nothing. */
export function nextAsk({ verdict, sampled, contradicts, known }: AskFacts): Asked | null {
  const { opinions, agreement } = verdict;
  if (known) return null;
  if (agreement === 'disputed') {
    const late = opinions.some(({ why }) => why === 'late');
    return late && opinions.length === 2 ? 'disagreement' : null;
  }
  const [only] = opinions;
  if (agreement !== null || !only || !asks.includes(only.source)) return null;
  return sampled ? 'sample' : contradicts ? 'contradiction' : null;
}
