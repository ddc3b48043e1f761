import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChecks } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { classesQuery } from '../../api/queries.js';
import type { ClassItem } from '../../api/types.js';
import { plural } from '../../ui/format.js';
import { Blank, Loaded, usePageTitle } from '../../ui/page.js';
import { FrameStage } from '../review/frame-stage.js';
import { KeysDialog } from '../review/keys-dialog.js';
import { Pictures } from '../review/pictures.js';
import review from '../review/review.module.css';
import { useKeyMap, useReviewKeys } from '../review/use-keys.js';
import { useLight } from '../review/use-light.js';
import { useShownAt } from '../review/use-shown-at.js';
import { useZoom } from '../review/use-zoom.js';
import { OpinionsPanel } from './opinions-panel.js';
import { type Decision, useDisputes } from './use-disputes.js';

/** Frames that people disagree on: an engineer sees both answers and decides, by the keys of the review. */
export function AdjudicationPage() {
  usePageTitle('Disputed frames');
  const query = useQuery(classesQuery);
  return <Loaded query={query}>{(classList) => <Adjudication classList={classList} />}</Loaded>;
}

function Adjudication({ classList }: { classList: ClassItem[] }) {
  const { query, current, next, left, decide, undo, pass } = useDisputes();
  const [keys, changeKeys] = useKeyMap();
  const [helpOpen, help] = useDisclosure(false);
  const [pictures] = useState(() => new Pictures());
  const zoom = useZoom();
  const light = useLight();
  const shownAt = useShownAt(current?.frame.id);

  useEffect(() => {
    pictures.keep([current, next].flatMap((each) => each?.frame.id ?? []));
  }, [pictures, current, next]);

  const settle = (answer: Decision) => decide(answer, performance.now() - shownAt.current);
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
        <h1 style={{ margin: 0, fontSize: '1.25rem' }}>Disputed frames</h1>
        <div className={review.counter} data-testid="disputes-left">
          {query.data ? plural(left, 'frame') : ''}
        </div>
        <div className={review.headerEnd}>
          <Button variant="subtle" color="gray" onClick={help.open}>
            Keys
          </Button>
          <Button component={Link} to="/review" variant="default">
            To the queue
          </Button>
        </div>
      </header>
      <Loaded query={query}>
        {() =>
          current ? (
            <div className={review.work}>
              <FrameStage item={current} pictures={pictures} zoom={zoom} light={light} />
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
                title="Nobody disagrees"
                action={
                  <Button variant="default" size="md" onClick={undo}>
                    Undo the last decision
                  </Button>
                }
              >
                When two people give a frame different labels, it stays out of datasets and appears here.
              </Blank>
            </div>
          )
        }
      </Loaded>
      <KeysDialog opened={helpOpen} onClose={help.close} keys={keys} change={changeKeys} />
    </div>
  );
}
