/** Small archives in the shape that each tool and data set writes, by their public documentation. Pictures are empty. */

export const coco = {
  'annotations/instances_val2017.json': JSON.stringify({
    info: { description: 'COCO 2017 Dataset', version: '1.0', year: 2017 },
    licenses: [{ id: 1, name: 'Attribution License', url: 'http://creativecommons.org/licenses/by/2.0/' }],
    images: [
      {
        ...{ license: 2, file_name: '000000000139.jpg', height: 426, width: 640, id: 139 },
        coco_url: 'http://images.cocodataset.org/val2017/000000000139.jpg',
        date_captured: '2013-11-21 01:34:01',
      },
      ...[285, 632].map((id) => ({
        ...{ license: 4, file_name: `${String(id).padStart(12, '0')}.jpg`, height: 640, width: 586, id },
        date_captured: '2013-11-18 13:09:47',
      })),
    ],
    annotations: [
      {
        ...{ id: 36, image_id: 139, category_id: 72, bbox: [7.03, 167.76, 149.32, 94.87], area: 12190.4 },
        ...{ iscrowd: 0, segmentation: [[7.03, 167.76, 156.35, 167.76, 156.35, 262.63]] },
      },
      {
        ...{ id: 900, image_id: 285, category_id: 23, bbox: [0.5, 69, 586, 571], area: 275085.5 },
        ...{ iscrowd: 1, segmentation: { counts: [179, 27], size: [640, 586] } },
      },
      { id: 901, image_id: 17, category_id: 23, bbox: [0, 0, 1, 1], iscrowd: 0, area: 1 },
    ],
    categories: [
      { supercategory: 'electronic', id: 72, name: 'tv' },
      { supercategory: 'animal', id: 23, name: 'bear' },
    ],
  }),
  'val2017/000000000139.jpg': '',
  'val2017/000000000285.jpg': '',
};

const roboflowSplit = (name: string, bbox: number[]) =>
  JSON.stringify({
    categories: [{ id: 1, name, supercategory: 'none' }],
    images: [{ id: 0, file_name: 'a.jpg', width: 640, height: 640 }],
    annotations: [{ id: 0, image_id: 0, category_id: 1, bbox, area: 12, segmentation: [], iscrowd: 0 }],
  });
export const roboflow = {
  'train/_annotations.coco.json': roboflowSplit('scratch', [1, 2, 3, 4]),
  'train/a.jpg': '',
  'valid/_annotations.coco.json': roboflowSplit('dent', [5, 6, 7, 8]),
  'valid/a.jpg': '',
};

export const ultralytics = {
  'coco8/data.yaml':
    'path: ../datasets/coco8 # dataset root dir\ntrain: images/train\nval: images/val\ntest: # optional\n' +
    'names:\n  45: bowl\n  50: broccoli\ndownload: https://example.org/coco8.zip\n',
  'coco8/images/train/000000000009.jpg': '',
  'coco8/images/val/000000000036.jpg': '',
  'coco8/images/val/000000000042.jpg': '',
  'coco8/labels/train/000000000009.txt':
    '45 0.479688 0.742291 0.958375 0.515417\n50 0.5 0.5 0.5 0.5\n50 0.1 0.1 0.2 0.1 0.2 0.2 0.1 0.2\n',
  'coco8/labels/val/000000000042.txt': '7 0.5 0.5 0.1 0.1\n',
};

export const darknet = {
  'obj.names': 'door\nhandle\n',
  'obj.data': 'classes = 2\ntrain = data/train.txt\nnames = data/obj.names\n',
  'train.txt': 'data/obj_train_data/1.png\n',
  'obj_train_data/1.png': '',
  'obj_train_data/1.txt': '0 0.5 0.5 0.2 0.4\n',
};

export const voc = {
  'VOC2012/Annotations/2008_000008.xml': `<annotation>
	<folder>VOC2012</folder>
	<filename>2008_000008.jpg</filename>
	<source><database>The VOC2008 Database</database><image>flickr</image></source>
	<size><width>500</width><height>442</height><depth>3</depth></size>
	<segmented>0</segmented>
	<object>
		<name>horse</name>
		<pose>Left</pose>
		<truncated>1</truncated>
		<occluded>0</occluded>
		<bndbox><xmin>53</xmin><ymin>87</ymin><xmax>471</xmax><ymax>420</ymax></bndbox>
		<part><name>head</name><bndbox><xmin>60</xmin><ymin>90</ymin><xmax>80</xmax><ymax>120</ymax></bndbox></part>
		<difficult>0</difficult>
	</object>
</annotation>
`,
  'VOC2012/ImageSets/Main/train.txt': '2008_000008\n',
  'VOC2012/ImageSets/Main/val.txt': '2008_000015\n',
  'VOC2012/ImageSets/Main/horse_train.txt': '2008_000008  1\n',
  'VOC2012/ImageSets/Main/horse_val.txt': '2008_000015 -1\n',
  'VOC2012/ImageSets/Main/person_val.txt': '2008_000015  0\n',
  'VOC2012/JPEGImages/2008_000008.jpg': '',
  'VOC2012/JPEGImages/2008_000015.jpg': '',
};

export const labelImg = {
  'shots/part 1.jpg': '',
  'shots/part 1.xml':
    '<annotation><folder>shots</folder><filename>part 1.jpg</filename><path>C:\\shots\\part 1.jpg</path>' +
    '<size><width>100</width><height>80</height><depth>3</depth></size><segmented>0</segmented><object>' +
    '<name>scratch</name><pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult><bndbox>' +
    '<xmin>10</xmin><ymin>20</ymin><xmax>40</xmax><ymax>60</ymax></bndbox></object></annotation>',
};

export const cvat = {
  'annotations.xml': `<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta>
    <task>
      <id>4</id><name>line 4</name><size>2</size><mode>annotation</mode>
      <labels><label><name>plate</name><color>#c06060</color><attributes></attributes></label></labels>
    </task>
    <dumped>2020-10-13 12:00:00+00:00</dumped>
  </meta>
  <image id="0" name="filename000.jpg" subset="Train" task_id="4" width="1600" height="1200">
    <tag label="no good" source="manual">
      <attribute name="reason">scratch</attribute>
    </tag>
    <box label="plate" source="manual" occluded="1" xtl="1396.38" ytl="201.85" xbr="1514.89" ybr="402.83" z_order="2">
      <attribute name="worn">true</attribute>
    </box>
    <polygon label="plate" source="manual" occluded="0" points="1.0,2.0;3.0,4.0;5.0,6.0" z_order="0"></polygon>
  </image>
  <image id="1" name="sub/filename001.jpg" width="1600" height="1200">
    <box label="&lt;odd&gt; &amp; &quot;quoted&quot;" occluded="0" xtl="0" ytl="0" xbr="1" ybr="1" z_order="0"></box>
    <box label="plate" occluded="0" xtl="3" ytl="3" xbr="9" ybr="9" rotation="12.5" z_order="0"></box>
    <box label="plate" occluded="0" xtl="9" ytl="9" xbr="9" ybr="20" z_order="0"></box>
  </image>
</annotations>
`,
  'images/filename000.jpg': '',
  'images/sub/filename001.jpg': '',
};

const rectangle = (change: object) => ({
  ...{ id: 'a1', from_name: 'label', to_name: 'image', type: 'rectanglelabels', original_width: 600 },
  ...{ original_height: 403, image_rotation: 0, origin: 'manual' },
  value: {
    x: 20.47,
    y: 14.85,
    width: 16.6,
    height: 7.32,
    rotation: 0,
    rectanglelabels: ['airplane'],
    ...change,
  },
});
export const labelStudio = {
  'export.json': JSON.stringify([
    {
      ...{ id: 1, project: 83, created_at: '2021-03-09T21:52:49.513742Z', file_upload: '0a1b2c3d-1.jpg' },
      data: { image: '/data/upload/83/0a1b2c3d-1.jpg', station: 'press 2' },
      annotations: [
        { id: 1000, was_cancelled: true, result: [] },
        {
          ...{ id: 1001, was_cancelled: false, lead_time: 4.288, completed_by: 10 },
          result: [
            rectangle({}),
            { from_name: 'quality', to_name: 'image', type: 'choices', value: { choices: ['ok'] } },
            { from_name: 'p', to_name: 'image', type: 'polygonlabels', value: { points: [[1, 2]] } },
          ],
        },
        { id: 1002, was_cancelled: false, result: [] },
      ],
      predictions: [{ model_version: 'model 1', result: [] }],
    },
    {
      ...{ id: 2, data: { image: '/data/local-files/?d=line4/images/2.jpg' } },
      annotations: [{ id: 1003, result: [rectangle({ rotation: 30 })] }],
    },
    { id: 3, data: { image: 'https://example.org/photos/three.jpg' }, annotations: [] },
  ]),
  'images/1.jpg': '',
  'images/2.jpg': '',
};
