import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { frameImageUrl } from '../../api/client.js';
import { neighboursQuery } from '../../api/queries.js';
import type { ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { percent } from '../../ui/format.js';
import classes from './review.module.css';

const shown = 6;
const width = 256;

interface LookAlikesProps {
  frameId: string;
  nextId: string | undefined;
  classById: ReadonlyMap<string, ClassItem>;
}

/** Labelled frames that look most like this one. They come after the frame is on screen, and those of the next one before it is. */
export function LookAlikes({ frameId, nextId, classById }: LookAlikesProps) {
  const painted = useAfterPaint(frameId);
  const found = useQuery({ ...neighboursQuery(frameId), enabled: painted }).data;
  usePrefetched(found ? nextId : undefined);
  return (
    <section
      className={classes.similar}
      aria-label={t('Labelled frames that look alike')}
      data-testid="look-alikes"
      data-state={found ? 'shown' : 'loading'}
    >
      {found?.map(({ frameId: id, classId, similarity }) => {
        const known = classById.get(classId);
        return (
          <figure key={id} style={{ '--class-colour': known?.colour ?? 'var(--ls-dim)' }}>
            <img src={frameImageUrl(id, width)} alt="" draggable={false} />
            <figcaption>
              <b>{known?.name ?? classId}</b>
              <small>{percent(similarity)}</small>
            </figcaption>
          </figure>
        );
      }) ??
        Array.from({ length: shown }, (_, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: empty places
          <figure key={place}>
            <img alt="" />
            <figcaption />
          </figure>
        ))}
      {found?.length === 0 ? (
        <p className={classes.similarNone}>{t('No labelled frame can be compared with this one.')}</p>
      ) : null}
    </section>
  );
}

/** True once the frame has been painted. */
function useAfterPaint(frameId: string): boolean {
  const [painted, setPainted] = useState<string | null>(null);
  useEffect(() => {
    let timer: number | undefined;
    const request = requestAnimationFrame(() => {
      timer = window.setTimeout(() => setPainted(frameId));
    });
    return () => {
      cancelAnimationFrame(request);
      window.clearTimeout(timer);
    };
  }, [frameId]);
  return painted === frameId;
}

function usePrefetched(frameId: string | undefined): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    if (!frameId) return;
    let left = false;
    void queryClient
      .fetchQuery({ ...neighboursQuery(frameId), retry: false })
      .then((found) => {
        if (left) return;
        for (const { frameId: id } of found) new Image().src = frameImageUrl(id, width);
      })
      .catch(() => undefined);
    return () => {
      left = true;
    };
  }, [queryClient, frameId]);
}
