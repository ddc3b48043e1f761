import { useQuery } from '@tanstack/react-query';
import { classListQuery } from '../../api/queries.js';
import { Note } from '../../ui/signal.js';

const words = {
  renamed: (name: string, now: string | null) => `${name} is called ${now} now`,
  merged: (name: string, now: string | null) => `${name} is part of ${now} now`,
  split: (name: string) => `${name} was split`,
} as const;

/** Says that the model in use was made before the classes changed; nothing while it knows those of now. */
export function OutdatedModel() {
  const outdated = useQuery(classListQuery).data?.outdated;
  if (!outdated || outdated.classes.length === 0) return null;
  const changes = outdated.classes.map(({ name, became, now }) => words[became](name, now));
  return (
    <div data-testid="outdated-model">
      <Note tone="warn">
        The champion {outdated.modelVersion} knows the classes of before, and cameras go on deciding by them
        until a new model is trained and rolled out: {changes.join('; ')}.
      </Note>
    </div>
  );
}
