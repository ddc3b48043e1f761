import { useQuery } from '@tanstack/react-query';
import { classListQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { Note } from '../../ui/signal.js';

const words = {
  renamed: (name: string, now: string | null) => t('{{name}} is called {{now}} now', { name, now }),
  merged: (name: string, now: string | null) => t('{{name}} is part of {{now}} now', { name, now }),
  split: (name: string) => t('{{name}} was split', { name }),
} as const;

/** Says that the model in use was made before the classes changed; nothing while it knows those of now. */
export function OutdatedModel() {
  const outdated = useQuery(classListQuery).data?.outdated;
  if (!outdated || outdated.classes.length === 0) return null;
  const changes = outdated.classes.map(({ name, became, now }) => words[became](name, now));
  return (
    <div data-testid="outdated-model">
      <Note tone="warn">
        {t(
          'The champion {{modelVersion}} knows the classes of before, and cameras go on deciding by them until a new model is trained and rolled out: {{changes}}.',
          { modelVersion: outdated.modelVersion, changes: changes.join('; ') },
        )}
      </Note>
    </div>
  );
}
