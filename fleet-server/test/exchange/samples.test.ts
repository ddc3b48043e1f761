import { LinesideError } from '@lineside/shared';
import t from 'tap';
import type { ArchiveIndex } from '../../src/features/exchange/formats/format.js';
import { readArchive } from '../../src/features/exchange/formats/index.js';
import * as samples from './samples.js';

const indexOf = (files: Record<string, string>): ArchiveIndex => ({
  names: Object.keys(files),
  async text(name) {
    const text = files[name];
    if (text === undefined) throw new LinesideError('archive_invalid', name);
    return text;
  },
});

/** What is read of each picture, short: name, classes, boxes as `class x y width height`, split. */
async function read(files: Record<string, string>) {
  const { format, pictures, issues, ignored } = await readArchive(indexOf(files), 'auto');
  return {
    format,
    ignored,
    issues: issues.map(({ name, code }) => [name, code]),
    pictures: Object.fromEntries(
      pictures.map(({ name, entry, classNames, boxes, split }) => [
        name,
        [
          ...(entry === null ? ['missing'] : []),
          ...classNames,
          ...boxes.map(({ className, x, y, width, height, unit }) =>
            [className, ...[x, y, width, height].map((n) => Number(n.toFixed(4))), unit].join(' '),
          ),
          ...(split === null ? [] : [`(${split})`]),
        ],
      ]),
    ),
  };
}

t.test('COCO as the data set itself has it', async (t) => {
  t.strictSame(await read(samples.coco), {
    format: 'coco',
    pictures: {
      'val2017/000000000139.jpg': ['tv 7.03 167.76 149.32 94.87 pixel', '(val)'],
      'val2017/000000000285.jpg': ['bear 0.5 69 586 571 pixel', '(val)'],
      '000000000632.jpg': ['missing', '(val)'],
    },
    issues: [['annotations/instances_val2017.json', 'annotation_invalid']],
    ignored: {
      ...{ 'coco.info': 1, 'coco.licenses': 1, 'categories.supercategory': 2 },
      ...{ 'images.license': 3, 'images.coco_url': 1, 'images.date_captured': 3 },
      ...{ 'annotations.segmentation': 2, 'annotations.iscrowd': 1 },
    },
  });
});

t.test('COCO as Roboflow exports it: annotations beside the pictures of each split', async (t) => {
  const { pictures, format, issues } = await read(samples.roboflow);
  t.strictSame(
    { pictures, format, issues },
    {
      format: 'coco',
      pictures: {
        'train/a.jpg': ['scratch 1 2 3 4 pixel', '(train)'],
        'valid/a.jpg': ['dent 5 6 7 8 pixel', '(val)'],
      },
      issues: [],
    },
  );
});

t.test('YOLO as Ultralytics has it, with a polygon and a picture without objects', async (t) => {
  t.strictSame(await read(samples.ultralytics), {
    format: 'yolo-detect',
    pictures: {
      'coco8/images/train/000000000009.jpg': [
        'bowl 0.0005 0.4846 0.9584 0.5154 share',
        'broccoli 0.25 0.25 0.5 0.5 share',
        '(train)',
      ],
      'coco8/images/val/000000000036.jpg': ['(val)'],
      'coco8/images/val/000000000042.jpg': ['(val)'],
    },
    issues: [['coco8/images/val/000000000042.jpg', 'annotation_invalid']],
    ignored: { 'labels.polygon': 1, 'data.yaml.download': 1 },
  });
});

t.test('YOLO as Darknet has it: texts beside the pictures', async (t) => {
  const { pictures, format } = await read(samples.darknet);
  t.strictSame(
    { pictures, format },
    {
      format: 'yolo-detect',
      pictures: { 'obj_train_data/1.png': ['door 0.4 0.3 0.2 0.4 share'] },
    },
  );
});

t.test('Pascal VOC as the challenge has it', async (t) => {
  t.strictSame(await read(samples.voc), {
    format: 'voc',
    pictures: {
      'VOC2012/JPEGImages/2008_000008.jpg': ['horse', 'horse 53 87 418 333 pixel', '(train)'],
      'VOC2012/JPEGImages/2008_000015.jpg': ['(val)'],
    },
    issues: [],
    ignored: {
      ...{ 'annotation.source': 1, 'object.pose': 1, 'object.truncated': 1, 'object.part': 1 },
      'ImageSets.difficult': 1,
    },
  });
});

t.test('VOC as labelImg writes it, in one folder with the pictures', async (t) => {
  const { pictures, issues } = await read(samples.labelImg);
  t.strictSame(pictures, { 'shots/part 1.jpg': ['scratch 10 20 30 40 pixel'] });
  t.strictSame(issues, []);
});

t.test('CVAT for images', async (t) => {
  t.strictSame(await read(samples.cvat), {
    format: 'cvat',
    pictures: {
      'images/filename000.jpg': ['no good', 'plate 1396.38 201.85 118.51 200.98 pixel', '(train)'],
      'images/sub/filename001.jpg': ['<odd> & "quoted" 0 0 1 1 pixel'],
    },
    issues: [
      ['images/sub/filename001.jpg', 'annotation_invalid'],
      ['images/sub/filename001.jpg', 'annotation_invalid'],
    ],
    ignored: {
      ...{ 'tag.attribute:reason': 1, 'box.occluded': 1, 'box.z_order': 1 },
      ...{ 'box.attribute:worn': 1, polygon: 1 },
    },
  });
});

t.test('Label Studio', async (t) => {
  t.strictSame(await read(samples.labelStudio), {
    format: 'label-studio',
    pictures: {
      'images/1.jpg': ['ok', 'airplane 0.2047 0.1485 0.166 0.0732 share'],
      'images/2.jpg': [],
      'photos/three.jpg': ['missing'],
    },
    issues: [['images/2.jpg', 'annotation_invalid']],
    ignored: {
      ...{ predictions: 1, 'annotations.second': 1, 'annotations.cancelled': 1, 'data.station': 1 },
      'result.polygonlabels': 1,
    },
  });
});

t.test('folders', async (t) => {
  const folders = async (...names: string[]) =>
    (await read(Object.fromEntries(names.map((name) => [name, ''])))).pictures;
  t.strictSame(await folders('set/train/a/1.jpg', 'set/test/b/2.png'), {
    'set/train/a/1.jpg': ['a', '(train)'],
    'set/test/b/2.png': ['b', '(test)'],
  });
  t.strictSame(await folders('good/1.jpg', 'bad/deep/2.jpg'), {
    'good/1.jpg': ['good'],
    'bad/deep/2.jpg': ['bad'],
  });
  t.strictSame(await folders('1.jpg', 'readme/2.jpg'), { '1.jpg': [], 'readme/2.jpg': ['readme'] });
  t.strictSame(await folders('only/one/1.jpg'), { 'only/one/1.jpg': ['one'] });
});

t.test('files that are not what they seem', async (t) => {
  const code = async (files: Record<string, string>) => (await read(files)).issues;
  const laughing = '<!DOCTYPE l [<!ENTITY a "ha">]><annotations>&a;</annotations>';
  t.strictSame(await code({ 'annotations.xml': laughing, 'a.jpg': '' }), [
    ['annotations.xml', 'annotation_invalid'],
  ]);
  t.strictSame(await code({ 'x.json': '{"images": [', 'annotations.json': '"annotations":', 'a.jpg': '' }), [
    ['x.json', 'file_unexpected'],
    ['annotations.json', 'file_unexpected'],
  ]);
  t.strictSame(await code({ 'c.json': '{"images": [}, "annotations": []', 'a.jpg': '' }), [
    ['c.json', 'annotation_invalid'],
  ]);
});
