/** What decides which frames belong together. */
export interface GroupableFrame {
  id: string;
  deviceId: string;
  cameraId: string;
  capturedAtMs: number;
  imageSha256: string;
  groupKey: string | null;
  /** File name or URI. */
  source: string | null;
}

/** Frames of one camera this close together show the same scene. */
const burstGapMs = 200;
/** A camera that sends frame after frame without a pause is not one endless burst. */
const burstLengthMs = 2000;
const pictureFile = /\.(jpe?g|png|webp|bmp|tiff?)$/i;

/**
 * Group of every frame. Frames of one group never fall on both sides of a split.
 *
 * 1. A frame with a group key belongs to it, whatever camera took it: the line says which part it shows.
 * 2. A frame read from a picture file belongs to that file on that device. Every file is its own part, however fast
 *    the folder is read.
 * 3. Else frames of one camera at most 200 ms apart are one burst, of at most 2 s. Slower frames stand alone.
 * 4. Frames with the same picture, byte for byte, are joined with their groups, and so are frames that a person linked.
 *
 * Give it all frames of a camera and not only the labelled ones, so that a group keeps its name when a frame between
 * two others is labelled later.
 */
export function groupFrames(
  frames: readonly GroupableFrame[],
  links: readonly (readonly [string, string])[] = [],
): Map<string, string> {
  const groups = new Map<string, string>();
  const bursts = new Map<string, GroupableFrame[]>();
  for (const frame of frames) {
    if (frame.groupKey !== null) groups.set(frame.id, `key:${frame.groupKey}`);
    else if (frame.source !== null && pictureFile.test(frame.source)) {
      groups.set(frame.id, `file:${frame.deviceId}:${frame.source}`);
    } else {
      const camera = JSON.stringify([frame.deviceId, frame.cameraId]);
      const list = bursts.get(camera);
      if (list) list.push(frame);
      else bursts.set(camera, [frame]);
    }
  }
  for (const camera of bursts.values()) nameBursts(camera, groups);
  return joined(frames, groups, links);
}

function nameBursts(camera: GroupableFrame[], groups: Map<string, string>): void {
  camera.sort((a, b) => a.capturedAtMs - b.capturedAtMs || (a.id < b.id ? -1 : 1));
  let first: GroupableFrame | undefined;
  let previous: GroupableFrame | undefined;
  for (const frame of camera) {
    const goesOn =
      first &&
      previous &&
      frame.capturedAtMs - previous.capturedAtMs <= burstGapMs &&
      frame.capturedAtMs - first.capturedAtMs <= burstLengthMs;
    if (!goesOn) first = frame;
    previous = frame;
    groups.set(frame.id, `burst:${first!.id}`);
  }
}

/** Union of groups that share a picture or are linked; the joined group has the least of their names. */
function joined(
  frames: readonly GroupableFrame[],
  groups: ReadonlyMap<string, string>,
  links: readonly (readonly [string, string])[],
): Map<string, string> {
  const parent = new Map<string, string>();
  const find = (name: string): string => {
    let root = name;
    for (let up = parent.get(root); up !== undefined; up = parent.get(root)) root = up;
    for (let at = name; at !== root; ) {
      const up = parent.get(at)!;
      parent.set(at, root);
      at = up;
    }
    return root;
  };
  const join = (here: string, there: string): void => {
    if (here === there) return;
    const [root, child] = here < there ? [here, there] : [there, here];
    parent.set(child, root);
  };
  const byPicture = new Map<string, string>();
  for (const frame of frames) {
    const here = find(groups.get(frame.id)!);
    const seen = byPicture.get(frame.imageSha256);
    if (seen === undefined) {
      byPicture.set(frame.imageSha256, here);
      continue;
    }
    join(here, find(seen));
  }
  for (const [a, b] of links) {
    const [here, there] = [groups.get(a), groups.get(b)];
    if (here !== undefined && there !== undefined) join(find(here), find(there));
  }
  return new Map(frames.map((frame) => [frame.id, find(groups.get(frame.id)!)]));
}
