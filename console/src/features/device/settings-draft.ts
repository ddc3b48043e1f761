import { t } from '../../i18n/index.js';
import type { RemoteSettings } from './effective.js';

export type Draft = Record<string, unknown>;

export type Parsed = { settings: Draft; error: null } | { settings: null; error: string };

/** Reads what a person typed; the position of a mistake is told by line. */
export function parseDraft(text: string): Parsed {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { settings: value as Draft, error: null };
    }
    return { settings: null, error: t('The settings must be a JSON object: { … }') };
  } catch (error) {
    return { settings: null, error: withLine(text, (error as Error).message) };
  }
}

function withLine(text: string, message: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined || /line \d+/.test(message)) return t('Not JSON: {{message}}', { message });
  const line = text.slice(0, Number(position)).split('\n').length;
  return t('Not JSON: {{message}} (line {{line}})', { message, line });
}

export const print = (settings: unknown): string => JSON.stringify(settings ?? {}, null, 2);

type Policy = NonNullable<RemoteSettings['policy']>;
export type PolicyDraft = Partial<Omit<Policy, 'budget'>> & { budget?: Partial<Policy['budget']> };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The policy that a draft means: its own, or where it has none what is in force. */
export const policyOf = (draft: Draft, effective: Partial<RemoteSettings>): PolicyDraft =>
  isObject(draft.policy) ? (draft.policy as PolicyDraft) : (effective.policy ?? {});

/** A section counts as a whole, so a first change brings along the rest of what is in force. */
export function changePolicy(draft: Draft, effective: Partial<RemoteSettings>, change: PolicyDraft): Draft {
  const policy = policyOf(draft, effective);
  return { ...draft, policy: { ...policy, ...change } };
}

/** As `changePolicy`; an undefined limit is taken out. */
export function changeBudget(
  draft: Draft,
  effective: Partial<RemoteSettings>,
  key: 'framesPerHour' | 'framesPerDay' | 'bytesPerHour' | 'bytesPerDay',
  value: number | undefined,
): Draft {
  const { [key]: _old, ...rest } = policyOf(draft, effective).budget ?? {};
  return changePolicy(draft, effective, { budget: value === undefined ? rest : { ...rest, [key]: value } });
}
