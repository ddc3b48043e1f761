import { Button, Loader } from '@mantine/core';
import { useDisclosure, useLocalStorage } from '@mantine/hooks';
import { IconChecks, IconRectangle, IconTags } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useLayoutEffect, useState, useSyncExternalStore } from 'react';
import { classesQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { Answer, ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Blank, Failed, Loaded, usePageTitle } from '../../ui/page.js';
import { BoxLayer } from '../boxes/box-layer.js';
import { BoxPanel } from '../boxes/box-panel.js';
import { useBoxKeys } from '../boxes/use-box-keys.js';
import { useBoxPointer } from '../boxes/use-box-pointer.js';
import { BookPanel } from '../label-book/book-panel.js';
import { ExampleDialog, type ExampleFrame } from '../label-book/example-dialog.js';
import { AddClassDialog } from './add-class-dialog.js';
import { AnswerPanel } from './answer-panel.js';
import { FrameStage } from './frame-stage.js';
import { KeysDialog } from './keys-dialog.js';
import { LookAlikes } from './look-alikes.js';
import { Pictures } from './pictures.js';
import classes from './review.module.css';
import { ReviewHeader } from './review-header.js';
import { useKeyMap, useReviewKeys } from './use-keys.js';
import { useLight } from './use-light.js';
import { useReview } from './use-review.js';
import { useSeen } from './use-seen.js';
import { useZoom } from './use-zoom.js';

/** Nobody decides on a picture faster than this; a second tap within it was meant for the frame before. */
const doubleTapMs = 250;

export function ReviewPage() {
  usePageTitle(t('Review'));
  const query = useQuery(classesQuery);
  return (
    <Loaded query={query} skeleton={<Waiting />}>
      {(classList) => <Review classList={classList} />}
    </Loaded>
  );
}

function Review({ classList }: { classList: ClassItem[] }) {
  const { session, snapshot, desk } = useReview();
  const engineer = useMay('engineer');
  const [pictures] = useState(() => new Pictures());
  const [helpOpen, help] = useDisclosure(false);
  const [addingClass, addClass] = useDisclosure(false);
  const [keys, changeKeys] = useKeyMap();
  const [drawing, setDrawing] = useState(false);
  const zoom = useZoom(drawing);
  const light = useLight();
  const [bookOpen, openBook] = useLocalStorage({
    key: 'lineside.review-book',
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const toggleBook = () => openBook(!bookOpen);
  const [similarOpen, openSimilar] = useLocalStorage({
    key: 'lineside.review-similar',
    defaultValue: false,
    getInitialValueInEffect: false,
  });
  const toggleSimilar = () => openSimilar(!similarOpen);
  const [example, setExample] = useState<ExampleFrame | null>(null);
  const { items, last } = snapshot;
  const item = items[0];
  const seen = useSeen();
  const editor = useSyncExternalStore(desk.watch, desk.getSnapshot);
  const carried = useSyncExternalStore(desk.watch, desk.getCarried);
  const dispatch = desk.dispatch;
  const pointer = useBoxPointer(editor?.picture ?? { width: 1, height: 1 }, zoom.view, dispatch);

  // biome-ignore lint/correctness/useExhaustiveDependencies: once a frame, whatever else becomes of it
  useLayoutEffect(() => {
    desk.show(item ?? null, item?.prelabel?.classId ?? classList[0]?.id ?? '');
  }, [desk, item?.frame.id]);

  useEffect(() => {
    pictures.keep([...items.map(({ frame }) => frame.id), ...(last ? [last.item.frame.id] : [])]);
  }, [pictures, items, last]);

  const putIntoBook =
    item && engineer
      ? () => setExample({ frameId: item.frame.id, classId: item.prelabel?.classId ?? null })
      : null;
  const answer = (chosen: Answer) => {
    if (!item) return;
    const ageMs = seen.ageMs(item.frame.id);
    if (ageMs !== null || chosen.kind === 'skip') session.answer(item.frame.id, chosen, ageMs ?? 0);
  };
  const tap = (chosen: Answer) => {
    const ageMs = item ? seen.ageMs(item.frame.id) : null;
    if (ageMs === null || ageMs >= doubleTapMs) answer(chosen);
  };
  const byPlace = (place: number) => {
    const chosen = classList[place];
    if (chosen) answer({ kind: 'class', classId: chosen.id });
  };
  const boxesOn = drawing && item !== undefined && classList.length > 0;
  const undo = () => (boxesOn && editor?.past.length ? dispatch({ type: 'undo' }) : session.undo());
  const keyed = !helpOpen && !addingClass && example === null;
  useReviewKeys(
    keys,
    {
      ...(boxesOn
        ? { digit: () => {} }
        : {
            digit: byPlace,
            accept: () => {
              const known = classList.some(({ id }) => id === item?.prelabel?.classId);
              if (item?.prelabel && known) answer({ kind: 'class', classId: item.prelabel.classId });
            },
            skip: () => answer({ kind: 'skip' }),
            unsure: () => answer({ kind: 'unsure' }),
          }),
      undo,
      redo: () => (boxesOn && editor?.future.length ? dispatch({ type: 'redo' }) : session.redo()),
      boxes: () => setDrawing(!drawing),
      copyBoxes: () => desk.copyToNext(),
      similar: toggleSimilar,
      fit: zoom.reset,
      brighter: light.brighter,
      darker: light.darker,
      plain: light.reset,
      book: toggleBook,
      example: () => putIntoBook?.(),
      help: help.open,
    },
    keyed,
  );
  useBoxKeys(
    {
      editor,
      dispatch,
      digit: (place) => {
        const chosen = classList[place];
        if (chosen) dispatch({ type: 'classify', classId: chosen.id });
      },
      leave: () => setDrawing(false),
    },
    keyed && boxesOn,
  );
  const classById = new Map(classList.map((each) => [each.id, each]));

  return (
    <div className={classes.page}>
      <ReviewHeader
        snapshot={snapshot}
        help={help.open}
        book={{ open: bookOpen, toggle: toggleBook, putIn: putIntoBook }}
        similar={{ open: similarOpen, toggle: toggleSimilar }}
      />
      {classList.length === 0 ? (
        <NoClasses add={engineer ? addClass.open : null} />
      ) : item ? (
        <div className={classes.work} data-book={bookOpen ? '' : undefined}>
          {bookOpen ? <BookPanel classList={classList} /> : null}
          <FrameStage
            item={item}
            pictures={pictures}
            onShown={seen.onShown}
            zoom={zoom}
            light={light}
            pointer={boxesOn ? pointer : null}
            overlay={
              editor && (boxesOn || editor.boxes.length > 0) ? (
                <BoxLayer editor={editor} view={zoom.view} classById={classById} active={boxesOn} />
              ) : null
            }
            tools={
              <button
                type="button"
                className={classes.tool}
                data-on={boxesOn ? '' : undefined}
                aria-pressed={boxesOn}
                aria-label={t('Draw boxes')}
                onMouseDown={(event) => event.preventDefault()}
                onClick={() => setDrawing(!drawing)}
                data-testid="toggle-boxes"
              >
                <IconRectangle size={22} stroke={1.7} aria-hidden />
              </button>
            }
          />
          <div className={classes.side}>
            {similarOpen && !boxesOn ? (
              <LookAlikes frameId={item.frame.id} nextId={items[1]?.frame.id} classById={classById} />
            ) : null}
            {boxesOn && editor ? (
              <BoxPanel
                editor={editor}
                keys={keys}
                classList={classList}
                carried={carried}
                dispatch={dispatch}
                copyToNext={() => desk.copyToNext()}
                undo={undo}
                done={() => setDrawing(false)}
              />
            ) : (
              <AnswerPanel
                item={item}
                keys={keys}
                classList={classList}
                answer={tap}
                undo={() => session.undo()}
                addClass={engineer ? addClass.open : null}
              />
            )}
          </div>
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
    <Loader aria-label={t('Loading frames')} />
  </div>
);

const NoClasses = ({ add }: { add: (() => void) | null }) => (
  <Blank
    icon={IconTags}
    title={t('What can a part be?')}
    action={
      add ? (
        <Button size="lg" onClick={add} data-testid="add-first-class">
          {t('Add classes')}
        </Button>
      ) : null
    }
  >
    {t('Labelling needs at least two classes, such as good and scratch.')}{' '}
    {add ? '' : t('Ask an engineer or an admin to add them.')}
  </Blank>
);

const QueueEmpty = ({ undo }: { undo: (() => void) | null }) => (
  <div data-testid="queue-empty">
    <Blank
      icon={IconChecks}
      title={t('All done')}
      action={
        <span style={{ display: 'flex', gap: 10 }}>
          {undo ? (
            <Button variant="default" size="md" onClick={undo}>
              {t('Undo the last answer')}
            </Button>
          ) : null}
          <Button component={Link} to="/" variant="default" size="md">
            {t('To the fleet')}
          </Button>
        </span>
      }
    >
      {t(
        'No frame waits for a decision. When a camera is not sure of something, its frame appears here by itself.',
      )}
    </Blank>
  </div>
);
