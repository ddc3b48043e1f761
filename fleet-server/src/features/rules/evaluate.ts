import type { classes, frames } from '../../db/schema.js';
import { findClass } from '../classes/standing.js';
import { fillIn, parsePattern } from './pattern.js';
import type { Tags } from './picture-tags.js';
import type { FrameRule } from './schemas.js';

export type RuledFrame = Pick<
  typeof frames.$inferSelect,
  'id' | 'deviceId' | 'cameraId' | 'source' | 'metadata' | 'imageSha256' | 'labelKind'
>;

/** A rule that a frame fits, and what it gives: null where there is no such class. */
export interface Match {
  rule: FrameRule;
  text: string;
  gives: { classId: string } | { key: string; value: string } | null;
}

export type Evaluate = (frame: RuledFrame, tags: Tags) => Match[];

/** Whether a rule needs the picture to be opened. */
export const needsPicture = (rules: readonly FrameRule[]): boolean =>
  rules.some(({ field }) => field.startsWith('exif.') || field.startsWith('xmp.'));

/** @throws LinesideError `request_invalid` when a pattern is none */
export function compileRules(
  rules: readonly FrameRule[],
  known: readonly (typeof classes.$inferSelect)[],
): Evaluate {
  const compiled = rules.map((rule) => ({ rule, fits: parsePattern(rule.pattern) }));
  return (frame, tags) =>
    compiled.flatMap(({ rule, fits }): Match[] => {
      const text = textOf(rule.field, frame, tags);
      const captures = text === undefined ? null : fits(text);
      if (text === undefined || !captures) return [];
      const { action } = rule;
      if (action.kind === 'metadata') {
        return [{ rule, text, gives: { key: action.key, value: fillIn(action.value, captures) } }];
      }
      const found = findClass(known, fillIn(action.class, captures));
      return [{ rule, text, gives: found ? { classId: found.id } : null }];
    });
}

function textOf(field: string, frame: RuledFrame, tags: Tags): string | undefined {
  if (field === 'device') return frame.deviceId;
  if (field === 'camera') return frame.cameraId;
  if (field === 'path') return frame.source ?? undefined;
  if (field === 'file') return frame.source?.slice(frame.source.lastIndexOf('/') + 1);
  if (field.startsWith('metadata.')) return frame.metadata[field.slice('metadata.'.length)];
  return tags.get(field);
}

/** What changes on a frame: of each kind what the first rule says; labels and keys that are there stay. */
export function changesOf(frame: RuledFrame, matches: readonly Match[]) {
  const label = matches.find(({ rule, gives }) => rule.action.kind === 'label' && gives !== null);
  const prelabel = matches.find(({ rule, gives }) => rule.action.kind === 'prelabel' && gives !== null);
  const metadata = new Map<string, Match>();
  for (const match of matches) {
    if (match.gives && 'key' in match.gives && !metadata.has(match.gives.key)) {
      if (frame.metadata[match.gives.key] === undefined) metadata.set(match.gives.key, match);
    }
  }
  const free = frame.labelKind === null;
  return {
    label: free ? (label ?? null) : null,
    prelabel: free && !label ? (prelabel ?? null) : null,
    metadata: [...metadata.values()],
  };
}
