import { load } from '../features.js';
import type { TrainingFrame } from '../jobs/training.js';
import { letEventsIn } from '../let-events-in.js';
import { type Colour, meanColour } from './mean-colour.js';
import type { ReadPatches, Runnable } from './session.js';

export interface ReadFrame extends ReadPatches {
  readonly frame: TrainingFrame;
  readonly colour: Colour;
}

export interface Skipped {
  readonly frameId: string;
  readonly path: string;
  readonly message: string;
}

/**
 * Patches, embedding and mean colour of pictures by the graph the devices run. A picture that is missing or broken is named
 * and left out; the next one is decoded while the present one is inferred.
 * @throws LinesideError `training_cancelled` when the signal aborts; `inference_failed`
 */
export async function readFrames(
  frames: readonly TrainingFrame[],
  reader: Runnable<ReadPatches>,
  signal: AbortSignal | undefined,
  onRead: (done: number) => void,
): Promise<{ read: ReadFrame[]; skipped: Skipped[] }> {
  const read: ReadFrame[] = [];
  const skipped: Skipped[] = [];
  let ahead = frames[0] && load(frames[0].path);
  for (const [position, frame] of frames.entries()) {
    const decoding = ahead;
    const next = frames[position + 1];
    ahead = next && load(next.path);
    const image = await decoding;
    await letEventsIn(signal);
    if (!image) continue;
    if ('message' in image) {
      skipped.push({ frameId: frame.frameId, path: frame.path, message: image.message });
    } else {
      read.push({ frame, colour: meanColour(image), ...(await reader.run(image)) });
    }
    onRead(position + 1);
  }
  return { read, skipped };
}
