import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import ort from 'onnxruntime-node';

/** What the parent process sends: the agent's own model file and a frame size. */
export interface BareOrder {
  modelPath: string;
  width: number;
  height: number;
  threads: number;
  seconds: number;
  /** Inferences a second; absent: as many as possible. */
  framesPerSecond?: number;
}

export interface BareResult {
  type: 'done';
  framesPerSecond: number;
  cpuMsPerFrame: number;
}

/** The reference: onnxruntime on one frame over and over, with nothing around it. */
process.once('disconnect', () => process.exit(1));
process.once('message', async (order: BareOrder) => {
  const session = await ort.InferenceSession.create(await readFile(order.modelPath), {
    intraOpNumThreads: order.threads,
    interOpNumThreads: 1,
  });
  const pixels = new Uint8Array(order.width * order.height * 3).map(
    (_, index) => (index * 2654435761) >>> 24,
  );
  const feeds = { image: new ort.Tensor('uint8', pixels, [order.height, order.width, 3]) };
  for (let i = 0; i < 10; i++) await session.run(feeds);
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  let frames = 0;
  while (performance.now() - start < order.seconds * 1000) {
    await session.run(feeds);
    frames++;
    if (order.framesPerSecond === undefined) continue;
    await delay(Math.max(0, start + (frames * 1000) / order.framesPerSecond - performance.now()));
  }
  const elapsed = performance.now() - start;
  const cpu = process.cpuUsage(cpuBefore);
  process.send?.({
    type: 'done',
    framesPerSecond: (1000 * frames) / elapsed,
    cpuMsPerFrame: (cpu.user + cpu.system) / 1000 / frames,
  } satisfies BareResult);
  process.disconnect();
});
