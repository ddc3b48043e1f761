import { Button, Modal } from '@mantine/core';
import { IconArrowLeft, IconArrowRight, IconBook2 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { frameImageUrl } from '../../api/client.js';
import type { ClassItem, Tile } from '../../api/types.js';
import { moment, percent } from '../../ui/format.js';
import classes from './dataset.module.css';
import { labelWords } from './filter.js';

interface PreviewProps {
  tile: Tile | undefined;
  classById: ReadonlyMap<string, ClassItem>;
  step: (by: 1 | -1) => void;
  close: () => void;
  putIntoBook?: (tile: Tile) => void;
}

/** One frame, large. */
export function Preview({ tile, classById, step, close, putIntoBook }: PreviewProps) {
  const named = (id: string) => classById.get(id)?.name ?? id;
  return (
    <Modal
      opened={tile !== undefined}
      onClose={close}
      size="min(1200px, 94vw)"
      title={tile ? `${tile.deviceName}, ${moment(tile.capturedAt)}` : ''}
      transitionProps={{ duration: 0 }}
      onKeyDown={(event) => {
        if (event.key === 'ArrowLeft') step(-1);
        if (event.key === 'ArrowRight') step(1);
        if (event.key === 'e' && tile && putIntoBook) {
          event.preventDefault();
          putIntoBook(tile);
        }
      }}
    >
      {tile ? (
        <div className={classes.preview} data-testid="frame-preview">
          <img src={frameImageUrl(tile.id)} alt="The frame" />
          <footer>
            <Button variant="default" onClick={() => step(-1)} aria-label="The one before">
              <IconArrowLeft size={18} />
            </Button>
            <Button variant="default" onClick={() => step(1)} aria-label="The next one">
              <IconArrowRight size={18} />
            </Button>
            <span>
              {tile.label
                ? tile.label.classId
                  ? `Labelled ${named(tile.label.classId)}`
                  : labelWords[tile.label.kind]
                : 'Not labelled'}
              {tile.decision
                ? ` · camera said ${named(tile.decision.classId)}, ${percent(tile.decision.confidence)} sure`
                : ''}
              {tile.waiting ? ' · waits for review' : ''}
            </span>
            {putIntoBook ? (
              <Button
                variant="default"
                leftSection={<IconBook2 size={18} />}
                onClick={() => putIntoBook(tile)}
                data-testid="into-book"
              >
                Into the label book <kbd className={classes.key}>E</kbd>
              </Button>
            ) : null}
            <Button component={Link} to={`/frames/${tile.id}`} variant="default">
              Lineage
            </Button>
          </footer>
        </div>
      ) : null}
    </Modal>
  );
}
