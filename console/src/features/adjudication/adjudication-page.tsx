import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChecks } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { classesQuery } from '../../api/queries.js';
import type { ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Blank, Loaded, usePageTitle } from '../../ui/page.js';
import { FrameStage } from '../review/frame-stage.js';
import { keyWords } from '../review/key-map.js';
import { KeysDialog } from '../review/keys-dialog.js';
import { Pictures } from '../review/pictures.js';
import review from '../review/review.module.css';
import { useKeyMap, useReviewKeys } from '../review/use-keys.js';
import { useLight } from '../review/use-light.js';
import { useSeen } from '../review/use-seen.js';
import { useZoom } from '../review/use-zoom.js';
import { OpinionsPanel } from './opinions-panel.js';
import { type Decision, useDisputes } from './use-disputes.js';

/** Frames that people disagree on: an engineer sees both answers and decides, by the keys of the review. */
export function AdjudicationPage() {
  usePageTitle(t('Disputed frames'));
  const query = useQuery(classesQuery);
  return <Loaded query={query}>{(classList) => <Adjudication classList={classList} />}</Loaded>;
}

function Adjudication({ classList }: { classList: ClassItem[] }) {
  const { query, current, next, left, decide, undo, pass, markKnown } = useDisputes();
  const [keys, changeKeys] = useKeyMap();
  const [helpOpen, help] = useDisclosure(false);
  const [pictures] = useState(() => new Pictures());
  const zoom = useZoom();
  const light = useLight();
  const seen = useSeen();

  useEffect(() => {
    pictures.keep([current, next].flatMap((each) => each?.frame.id ?? []));
  }, [pictures, current, next]);

  const settle = (answer: Decision) => {
    const ageMs = current ? seen.ageMs(current.frame.id) : null;
    if (ageMs !== null) decide(answer, ageMs);
  };
  const byPlace = (place: number) => {
    const chosen = classList[place];
    if (chosen) settle({ kind: 'class', classId: chosen.id });
  };
  useReviewKeys(
    keys,
    {
      digit: byPlace,
      accept: () => {
        if (current?.model) settle({ kind: 'class', classId: current.model.classId });
      },
      skip: pass,
      unsure: () => settle({ kind: 'unsure' }),
      undo,
      redo: () => {},
      known: () => markKnown?.(),
      fit: zoom.reset,
      brighter: light.brighter,
      darker: light.darker,
      plain: light.reset,
      help: help.open,
    },
    !helpOpen,
  );

  return (
    <div className={review.page}>
      <header className={review.header}>
        <h1 style={{ margin: 0, fontSize: '1.25rem' }}>{t('Disputed frames')}</h1>
        <div className={review.counter} data-testid="disputes-left">
          {query.data ? t('{{count, number}} frames', { count: left }) : ''}
        </div>
        <div className={review.headerEnd}>
          {markKnown ? (
            <Button
              variant="light"
              onMouseDown={(event) => event.preventDefault()}
              onClick={markKnown}
              data-testid="mark-known"
            >
              {t('The last one is a known answer')}{' '}
              <kbd className={review.key} style={{ marginLeft: 8 }}>
                {keyWords(keys.known)}
              </kbd>
            </Button>
          ) : null}
          <Button variant="subtle" color="gray" onClick={help.open}>
            {t('Keys')}
          </Button>
          <Button component={Link} to="/review" variant="default">
            {t('To the queue')}
          </Button>
        </div>
      </header>
      <Loaded query={query}>
        {() =>
          current ? (
            <div className={review.work}>
              <FrameStage
                item={current}
                pictures={pictures}
                onShown={seen.onShown}
                zoom={zoom}
                light={light}
              />
              <OpinionsPanel
                dispute={current}
                classList={classList}
                keys={keys}
                decide={settle}
                pass={pass}
                undo={undo}
              />
            </div>
          ) : (
            <div data-testid="no-disputes">
              <Blank
                icon={IconChecks}
                title={t('Nobody disagrees')}
                action={
                  <Button variant="default" size="md" onClick={undo}>
                    {t('Undo the last decision')}
                  </Button>
                }
              >
                {t(
                  'When two people give a frame different labels, it stays out of datasets and appears here.',
                )}
              </Blank>
            </div>
          )
        }
      </Loaded>
      <KeysDialog opened={helpOpen} onClose={help.close} keys={keys} change={changeKeys} />
    </div>
  );
}
