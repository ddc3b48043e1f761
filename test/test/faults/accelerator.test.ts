import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { OipStandIn } from '@lineside/agent/testing/oip-stand-in';
import { until } from '../../src/system/until.js';
import { onALine } from './on-a-line.js';

for (const transport of ['http', 'grpc'] as const) {
  onALine(
    `the inference server beside the agent goes and comes back (${transport}): the processor decides meanwhile`,
    async (t, line, dir) => {
      const box = await line.enrol('box');
      const modelRepository = join(dir, 'models');
      await mkdir(modelRepository);
      // Stands in for an accelerator's engine: the same protocol, with onnxruntime behind it.
      const engine = new OipStandIn(modelRepository);
      await engine.start();
      try {
        await box.start({
          cameras: [
            { id: 'cam', source: { kind: 'synthetic', framesPerSecond: 10, width: 160, height: 120 } },
          ],
          policy: { auditShare: 0, thresholdOverride: 0 },
          inference: {
            backend: 'oip',
            oip: {
              url: transport === 'http' ? engine.httpUrl : engine.grpcUrl,
              modelRepository,
              timeoutMs: 5000,
            },
          },
        });
        const backend = async () => (await box.device()).reported?.backend;
        for (let visit = 0; visit < 2; visit++) {
          await until('the engine to decide', async () => {
            const now = await backend();
            return now && !now.degraded && now.actual !== 'none' && engine.ready.length > 0;
          });
          let decided = (await box.decisions()).length;
          await until('decisions of the engine', async () => (await box.decisions()).length >= decided + 20);
          await engine.stop();
          const told = await until('the box to say it is degraded', async () => {
            const now = await backend();
            return now?.degraded ? now : null;
          });
          t.ok(told.message, `it says why: ${told.message}`);
          decided = (await box.decisions()).length;
          await until(
            'decisions of the processor',
            async () => (await box.decisions()).length >= decided + 20,
          );
          await engine.start();
        }
        await until('the engine to decide again', async () => !(await backend())?.degraded);
        const decisions = await box.decisions();
        t.ok(
          decisions.every(({ decision }) => decision !== null),
          `all ${decisions.length} frames were decided`,
        );
      } finally {
        await box.stop();
        await engine.stop();
      }
    },
  );
}
