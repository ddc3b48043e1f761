import type { Transfer } from '../../api/types.js';
import { integer, plural } from '../../ui/format.js';
import type { Tone } from '../../ui/signal.js';

export type FormatName = NonNullable<Transfer['format']>;

export const formatWords: Record<FormatName, string> = {
  'image-folder': 'ImageFolder',
  coco: 'COCO',
  'yolo-detect': 'YOLO, boxes',
  'yolo-classify': 'YOLO, classes',
  voc: 'Pascal VOC',
  cvat: 'CVAT for images 1.1',
  'label-studio': 'Label Studio',
};
export const formatNames = Object.keys(formatWords) as FormatName[];
/** They hold labelled pictures and nothing else. */
export const isFolderFormat = (format: FormatName): boolean =>
  format === 'image-folder' || format === 'yolo-classify';

export const tones: Record<Transfer['state'], Tone> = {
  uploading: 'busy',
  queued: 'busy',
  running: 'busy',
  ready: 'warn',
  succeeded: 'ok',
  failed: 'bad',
  cancelled: 'idle',
};

export function stateWords({ state, direction, contents, progress }: Transfer): string {
  switch (state) {
    case 'uploading':
      return 'Upload under way';
    case 'queued':
      return 'Waiting for its turn';
    case 'ready':
      return 'Waiting for your choice';
    case 'running':
      if (direction === 'export') return 'Being written';
      return contents === null || progress?.phase === 'reading' ? 'Being read' : 'Being taken in';
    case 'succeeded':
      return 'Done';
    case 'failed':
      return 'Failed';
    case 'cancelled':
      return 'Cancelled';
  }
}

export const isUnderWay = ({ state }: Transfer): boolean =>
  state === 'uploading' || state === 'queued' || state === 'running' || state === 'ready';

/** What an import came to. */
export function countWords({ counts }: Transfer): string {
  if (!counts) return '';
  const { frames, known, labels, prelabels, besides, boxes, issues } = counts;
  const said: [number, string][] = [
    [known, `${integer(known)} here before`],
    [labels, plural(labels, 'label')],
    [prelabels, plural(prelabels, 'proposal')],
    [besides, plural(besides, 'second opinion')],
    [boxes, plural(boxes, 'box', 'boxes')],
    [issues, `${integer(issues)} in the report`],
  ];
  return [plural(frames, 'new frame'), ...said.filter(([n]) => n > 0).map(([, words]) => words)].join(' · ');
}
