import { Button, Loader } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { IconChecks, IconTags } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { classesQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Answer, ClassItem } from '../../api/types.js';
import { Blank, Failed, Loaded, usePageTitle } from '../../ui/page.js';
import { BookPanel } from '../label-book/book-panel.js';
import { ExampleDialog, type ExampleFrame } from '../label-book/example-dialog.js';
import { AddClassDialog } from './add-class-dialog.js';
import { AnswerPanel } from './answer-panel.js';
import { FrameStage } from './frame-stage.js';
import { KeysDialog } from './keys-dialog.js';
import { Pictures } from './pictures.js';
import classes from './review.module.css';
import { ReviewHeader } from './review-header.js';
import { useKeyMap, useReviewKeys } from './use-keys.js';
import { useLight } from './use-light.js';
import { useReview } from './use-review.js';
import { useShownAt } from './use-shown-at.js';
import { useZoom } from './use-zoom.js';

/** Nobody decides on a picture faster than this; a second tap within it was meant for the frame before. */
const doubleTapMs = 250;

export function ReviewPage() {
  usePageTitle('Review');
  const query = useQuery(classesQuery);
  return (
    <Loaded query={query} skeleton={<Waiting />}>
      {(classList) => <Review classList={classList} />}
    </Loaded>
  );
}

function Review({ classList }: { classList: ClassItem[] }) {
  const { session, snapshot } = useReview();
  const engineer = useMay('engineer');
  const [pictures] = useState(() => new Pictures());
  const [helpOpen, help] = useDisclosure(false);
  const [addingClass, addClass] = useDisclosure(false);
  const [keys, changeKeys] = useKeyMap();
  const zoom = useZoom();
  const light = useLight();
  const [bookOpen, openBook] = useLocalStorage({
    key: 'lineside.review-book',
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const toggleBook = () => openBook(!bookOpen);
  const [example, setExample] = useState<ExampleFrame | null>(null);
  const { items, last } = snapshot;
  const item = items[0];
  const shownAt = useShownAt(item?.frame.id);

  useEffect(() => {
    pictures.keep([...items.map(({ frame }) => frame.id), ...(last ? [last.item.frame.id] : [])]);
  }, [pictures, items, last]);

  const putIntoBook =
    item && engineer
      ? () => setExample({ frameId: item.frame.id, classId: item.prelabel?.classId ?? null })
      : null;
  const answer = (chosen: Answer) => {
    if (item) session.answer(item.frame.id, chosen, performance.now() - shownAt.current);
  };
  const tap = (chosen: Answer) => {
    if (performance.now() - shownAt.current >= doubleTapMs) answer(chosen);
  };
  const byPlace = (place: number) => {
    const chosen = classList[place];
    if (chosen) answer({ kind: 'class', classId: chosen.id });
  };
  useReviewKeys(
    keys,
    {
      digit: byPlace,
      accept: () => {
        const known = classList.some(({ id }) => id === item?.prelabel?.classId);
        if (item?.prelabel && known) answer({ kind: 'class', classId: item.prelabel.classId });
      },
      skip: () => answer({ kind: 'skip' }),
      unsure: () => answer({ kind: 'unsure' }),
      undo: () => session.undo(),
      redo: () => session.redo(),
      fit: zoom.reset,
      brighter: light.brighter,
      darker: light.darker,
      plain: light.reset,
      book: toggleBook,
      example: () => putIntoBook?.(),
      help: help.open,
    },
    !helpOpen && !addingClass && example === null,
  );

  return (
    <div className={classes.page}>
      <ReviewHeader
        snapshot={snapshot}
        help={help.open}
        book={{ open: bookOpen, toggle: toggleBook, putIn: putIntoBook }}
      />
      {classList.length === 0 ? (
        <NoClasses add={engineer ? addClass.open : null} />
      ) : item ? (
        <div className={classes.work} data-book={bookOpen ? '' : undefined}>
          {bookOpen ? <BookPanel classList={classList} /> : null}
          <FrameStage item={item} pictures={pictures} zoom={zoom} light={light} />
          <AnswerPanel
            item={item}
            keys={keys}
            classList={classList}
            answer={tap}
            undo={() => session.undo()}
            addClass={engineer ? addClass.open : null}
          />
        </div>
      ) : snapshot.phase === 'failed' ? (
        <Failed error={snapshot.error} retry={() => void session.refill()} />
      ) : snapshot.phase === 'empty' ? (
        <QueueEmpty undo={last ? () => session.undo() : null} />
      ) : (
        <Waiting />
      )}
      <KeysDialog opened={helpOpen} onClose={help.close} keys={keys} change={changeKeys} />
      <ExampleDialog frame={example} close={() => setExample(null)} />
      <AddClassDialog opened={addingClass} onClose={addClass.close} />
    </div>
  );
}

const Waiting = () => (
  <div className={classes.waiting}>
    <Loader aria-label="Loading frames" />
  </div>
);

const NoClasses = ({ add }: { add: (() => void) | null }) => (
  <Blank
    icon={IconTags}
    title="What can a part be?"
    action={
      add ? (
        <Button size="lg" onClick={add} data-testid="add-first-class">
          Add classes
        </Button>
      ) : null
    }
  >
    Labelling needs at least two classes, such as good and scratch.
    {add ? '' : ' Ask an engineer or an admin to add them.'}
  </Blank>
);

const QueueEmpty = ({ undo }: { undo: (() => void) | null }) => (
  <div data-testid="queue-empty">
    <Blank
      icon={IconChecks}
      title="All done"
      action={
        <span style={{ display: 'flex', gap: 10 }}>
          {undo ? (
            <Button variant="default" size="md" onClick={undo}>
              Undo the last answer
            </Button>
          ) : null}
          <Button component={Link} to="/" variant="default" size="md">
            To the fleet
          </Button>
        </span>
      }
    >
      No frame waits for a decision. When a camera is not sure of something, its frame appears here by itself.
    </Blank>
  </div>
);
