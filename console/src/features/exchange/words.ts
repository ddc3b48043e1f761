import type { Transfer } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import type { Tone } from '../../ui/signal.js';

export type FormatName = NonNullable<Transfer['format']>;

export const formatWords: Record<FormatName, string> = phrases({
  'image-folder': 'ImageFolder',
  coco: 'COCO',
  'yolo-detect': 'YOLO, boxes',
  'yolo-classify': 'YOLO, classes',
  voc: 'Pascal VOC',
  cvat: 'CVAT for images 1.1',
  'label-studio': 'Label Studio',
});
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
      return t('Upload under way');
    case 'queued':
      return t('Waiting for its turn');
    case 'ready':
      return t('Waiting for your choice');
    case 'running':
      if (direction === 'export') return t('Being written');
      return contents === null || progress?.phase === 'reading' ? t('Being read') : t('Being taken in');
    case 'succeeded':
      return t('Done');
    case 'failed':
      return t('Failed');
    case 'cancelled':
      return t('Cancelled');
  }
}

export const isUnderWay = ({ state }: Transfer): boolean =>
  state === 'uploading' || state === 'queued' || state === 'running' || state === 'ready';

/** What an import came to. */
export function countWords({ counts }: Transfer): string {
  if (!counts) return '';
  const { frames, known, labels, prelabels, besides, boxes, issues } = counts;
  const said: [number, string][] = [
    [known, t('{{known}} here before', { known: integer(known) })],
    [labels, t('{{count, number}} labels', { count: labels })],
    [prelabels, t('{{count, number}} proposals', { count: prelabels })],
    [besides, t('{{count, number}} second opinions', { count: besides })],
    [boxes, t('{{count, number}} boxes', { count: boxes })],
    [issues, t('{{issues}} in the report', { issues: integer(issues) })],
  ];
  return [
    t('{{count, number}} new frames', { count: frames }),
    ...said.filter(([n]) => n > 0).map(([, words]) => words),
  ].join(' · ');
}
