import { useQuery } from '@tanstack/react-query';
import { classEffectsQuery } from '../../api/queries.js';
import { t } from '../../i18n/index.js';
import { Problem } from '../../ui/problem.js';
import { Note } from '../../ui/signal.js';

interface EffectsNoteProps {
  classId: string;
  /** What happens to the frames, given how many there are. */
  frames: (counted: string, many: number) => string;
  boxes: (counted: string) => string;
}

/** Counted before anything is changed. */
export function EffectsNote({ classId, frames, boxes }: EffectsNoteProps) {
  const { data, error } = useQuery(classEffectsQuery(classId));
  if (error) return <Problem error={error} />;
  if (!data) return <p aria-busy>{t('Counting …')}</p>;
  const names = data.devices.map(({ name }) => name).join(', ');
  return (
    <>
      <p style={{ margin: 0, lineHeight: 1.5 }} data-testid="class-effects">
        {frames(t('{{count, number}} labelled frames', { count: data.frames }), data.frames)}
        {data.boxes > 0 ? ` ${boxes(t('{{count, number}} frames', { count: data.boxes }))}` : ''}
      </p>
      {data.devices.length > 0 ? (
        <Note tone="warn">
          {t(
            'Outputs in the settings of {{names}} name this class. Give them the new one before the next model runs there; until then they answer with their safe value for it.',
            { names },
          )}
        </Note>
      ) : null}
    </>
  );
}
