import { Button, Modal } from '@mantine/core';
import { IconArrowLeft, IconArrowRight, IconBook2 } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { frameImageUrl } from '../../api/client.js';
import type { ClassItem, Tile } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { moment, percent } from '../../ui/format.js';
import boxes from '../boxes/boxes.module.css';
import { BoxesOn } from '../boxes/boxes-on.js';
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
          <div className={boxes.over}>
            <img src={frameImageUrl(tile.id)} alt={t('The frame')} />
            <BoxesOn frameId={tile.id} />
          </div>
          <footer>
            <Button variant="default" onClick={() => step(-1)} aria-label={t('The one before')}>
              <IconArrowLeft size={18} />
            </Button>
            <Button variant="default" onClick={() => step(1)} aria-label={t('The next one')}>
              <IconArrowRight size={18} />
            </Button>
            <span>
              {tile.label
                ? tile.label.classId
                  ? t('Labelled {{named}}', { named: named(tile.label.classId) })
                  : t(labelWords[tile.label.kind])
                : t('Not labelled')}
              {tile.decision
                ? t(' · camera said {{named}}, {{confidence}} sure', {
                    named: named(tile.decision.classId),
                    confidence: percent(tile.decision.confidence),
                  })
                : ''}
              {tile.waiting ? t(' · waits for review') : ''}
            </span>
            {putIntoBook ? (
              <Button
                variant="default"
                leftSection={<IconBook2 size={18} />}
                onClick={() => putIntoBook(tile)}
                data-testid="into-book"
              >
                {t('Into the label book')} <kbd className={classes.key}>E</kbd>
              </Button>
            ) : null}
            <Button component={Link} to={`/frames/${tile.id}`} variant="default">
              {t('Lineage')}
            </Button>
          </footer>
        </div>
      ) : null}
    </Modal>
  );
}
