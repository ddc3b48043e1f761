import type { Collector } from './collector.js';
import type { ArchiveFile, ArchiveIndex, ExportFrame, ExportSource, Format, ReadPicture } from './format.js';
import { extensionOf } from './picture-index.js';
import { asList, asNumber, asText, isObject } from './values.js';
import { writeJsonList } from './write-json.js';
import { xmlText } from './xml.js';

/** Where Label Studio serves files from a folder that it was given. */
const localFiles = '/data/local-files/?d=';

/** `tasks.json`, with the labelling interface that fits it in `label_config.xml`, and `images/`. */
export const labelStudio: Format = {
  carries: 'any',

  async *write(source: ExportSource, pictures: boolean): AsyncGenerator<ArchiveFile> {
    yield { name: 'label_config.xml', text: [labelConfig(source)] };
    yield { name: 'tasks.json', text: writeJsonList(tasks(source)) };
    if (!pictures) return;
    for await (const { fileName, sha256 } of source.frames()) yield { name: `images/${fileName}`, sha256 };
  },

  async detect(archive): Promise<boolean> {
    const file = archive.names.find((name) => extensionOf(name) === 'json');
    if (file === undefined) return false;
    const text = (await archive.text(file)).slice(0, 100_000);
    return /^\ufeff?\s*\[/.test(text) && /"data"\s*:/.test(text);
  },

  async read(archive: ArchiveIndex, into: Collector): Promise<void> {
    for (const name of archive.names.filter((each) => /(^|\/)label_config\.xml$/.test(each))) into.used(name);
    for (const name of archive.names.filter((each) => extensionOf(each) === 'json')) {
      await into.parse(name, async () => {
        const list: unknown = JSON.parse((await archive.text(name)).replace(/^\ufeff/, ''));
        if (!Array.isArray(list)) throw new Error('The JSON is no list of tasks.');
        for (const task of asList(list)) readTask(task, name, into);
      });
    }
  },
};

const labelConfig = ({ classes }: ExportSource): string => {
  const list = (tag: string) =>
    classes
      .map(({ name, colour }) => `    <${tag} value="${xmlText(name)}" background="${colour}"/>\n`)
      .join('');
  return (
    '<View>\n  <Image name="image" value="$image"/>\n' +
    `  <Choices name="class" toName="image" choice="single">\n${list('Choice')}  </Choices>\n` +
    `  <RectangleLabels name="boxes" toName="image">\n${list('Label')}  </RectangleLabels>\n</View>\n`
  );
};

async function* tasks({ frames }: ExportSource): AsyncGenerator<object> {
  let id = 0;
  for await (const frame of frames()) {
    const result = resultOf(frame);
    yield {
      id: ++id,
      data: {
        image: `${localFiles}images/${encodeURIComponent(frame.fileName)}`,
        ...(frame.split === null ? {} : { split: frame.split }),
      },
      annotations: result.length === 0 ? [] : [{ id, result, was_cancelled: false }],
    };
  }
}

function resultOf({ className, boxes, width, height }: ExportFrame): object[] {
  const picture = {
    ...{ to_name: 'image', original_width: width, original_height: height, image_rotation: 0 },
  };
  const choice = { ...picture, from_name: 'class', type: 'choices', id: 'class' };
  return [
    ...(className === null ? [] : [{ ...choice, value: { choices: [className] } }]),
    ...boxes.map((box, at) => ({
      ...picture,
      ...{ from_name: 'boxes', type: 'rectanglelabels', id: `box${at + 1}` },
      value: {
        x: (box.x / width) * 100,
        y: (box.y / height) * 100,
        width: (box.width / width) * 100,
        height: (box.height / height) * 100,
        rotation: 0,
        rectanglelabels: [box.className],
      },
    })),
  ];
}

/** What Label Studio keeps of who worked when. */
const known = {
  task: new Set(
    'id data annotations predictions created_at updated_at project inner_id total_annotations cancelled_annotations total_predictions file_upload updated_by comment_authors is_labeled overlap'.split(
      ' ',
    ),
  ),
  result: new Set(
    'id value type from_name to_name original_width original_height image_rotation origin source'.split(' '),
  ),
  box: new Set(['x', 'y', 'width', 'height', 'rotation', 'rectanglelabels']),
};
const splits = new Set(['train', 'val', 'test']);

function readTask(task: Record<string, unknown>, name: string, into: Collector): void {
  into.ignoreOthers('task', task, known.task);
  const data = isObject(task.data) ? task.data : {};
  const keys = Object.keys(data);
  const key = ['image', 'img', 'picture'].find((each) => keys.includes(each)) ?? keys[0];
  const reference = key === undefined ? null : asText(data[key]);
  if (reference === null) {
    into.issue(name, 'annotation_invalid', `Task ${String(task.id)} names no picture.`);
    return;
  }
  const picture = pictureOf(reference, asText(task.file_upload), into);
  if (!picture) return;
  const split = asText(data.split);
  if (split !== null && splits.has(split)) picture.split = split;
  for (const other of keys) if (other !== key && other !== 'split') into.ignore(`data.${other}`);
  into.ignore('predictions', asList(task.predictions).length);
  const all = asList(task.annotations);
  const [first, ...others] = all.filter(({ was_cancelled }) => was_cancelled !== true);
  into.ignore('annotations.cancelled', all.length - others.length - (first ? 1 : 0));
  into.ignore('annotations.second', others.length);
  for (const result of asList(first?.result)) readResult(result, picture, into);
}

/** The name in the address: after `?d=`, or the end of its path; uploads have eight digits and a dash before it. */
function pictureOf(reference: string, upload: string | null, into: Collector): ReadPicture | null {
  const [path = '', query = ''] = reference.split('#')[0]!.split('?');
  const local = new URLSearchParams(query).get('d');
  const name = (local ?? decoded(path.replace(/^[a-z0-9]+:\/\/[^/]*/i, ''))).replace(/^\/+/, '');
  const whole = into.pictures.find(name);
  if (whole === null) {
    for (const other of [upload, name.replace(/^(.*\/)?[0-9a-f]{8}-/, '')]) {
      if (other && typeof into.pictures.find(other) === 'string') return into.picture(other);
    }
  }
  return into.picture(name);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readResult(result: Record<string, unknown>, picture: ReadPicture, into: Collector): void {
  const type = asText(result.type) ?? '';
  const value = isObject(result.value) ? result.value : {};
  into.ignoreOthers('result', result, known.result);
  if (type === 'choices') {
    for (const choice of Array.isArray(value.choices) ? value.choices : []) {
      if (typeof choice === 'string') into.addClass(picture, choice);
    }
  } else if (type === 'rectanglelabels') {
    into.ignoreOthers('rectanglelabels', value, known.box);
    const [className, ...more] = Array.isArray(value.rectanglelabels) ? value.rectanglelabels : [];
    into.ignore('rectanglelabels.second', more.length);
    if (typeof className !== 'string' || asNumber(value.rotation ?? 0) !== 0) {
      const why = typeof className === 'string' ? 'is rotated' : 'has no label';
      into.issue(picture.name, 'annotation_invalid', `A rectangle ${why}: it is left out.`);
      return;
    }
    const share = (key: string) => asNumber(value[key]) / 100;
    const box = { className, x: share('x'), y: share('y'), width: share('width'), height: share('height') };
    into.addBox(picture, box, 'share');
  } else into.ignore(`result.${type}`);
}
