import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { readTorchResult } from '../../../src/learning/torch/read-result.js';
import { smallNets } from '../finetune/small-nets.js';
import { options, picture, smallProblem, train } from '../finetune/small-problem.js';
import { jobFor, runTrainer, trainerMissing } from './trainer.js';

const skip = trainerMissing() ?? false;
const token = 'good for this job only';

async function listen(
  test: Test,
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
) {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.teardown(() => new Promise((resolve) => server.close(resolve)));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

t.test('a job by URL: the token goes to its server alone, results are put there', { skip }, async (t) => {
  const folder = t.testdir({ output: {} });
  const backbone = smallNets.MobileNetV2!(3);
  const problem = await smallProblem(backbone, 'tail');
  await jobFor(folder, backbone, problem, picture, 'tail', { ...options, epochs: 1 });

  const elsewhere: (string | undefined)[] = [];
  const other = await listen(t, async (request, response) => {
    elsewhere.push(request.headers.authorization);
    response.end(await readFile(join(folder, 'pictures', `${train[0]}.png`)));
  });
  const frames = JSON.parse(await readFile(join(folder, 'frames.json'), 'utf8'));
  frames[0].image = `${other}/picture?signature=secret`;
  await writeFile(join(folder, 'frames.json'), JSON.stringify(frames));

  let refused = 0;
  const own = await listen(t, async (request, response) => {
    if (request.headers.authorization !== `Bearer ${token}`) return void response.writeHead(401).end();
    // What may pass is asked for again.
    if (refused++ === 0) return void response.writeHead(503).end();
    const path = join(folder, new URL(request.url!, 'http://x').pathname.slice('/job'.length));
    if (request.method === 'PUT') {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      await writeFile(path, Buffer.concat(parts));
      return void response.writeHead(204).end();
    }
    const bytes = await readFile(path).catch(() => null);
    response.writeHead(bytes ? 200 : 404).end(bytes);
  });
  const ended = await runTrainer(`${own}/job/job.json`, { LINESIDE_TRAINER_TOKEN: token });
  t.equal(ended.status, 0, `${JSON.stringify(ended.lines.at(-1))} ${ended.stderr}`);
  t.equal((await readTorchResult(folder, problem)).history.length, 2);
  t.strictSame(elsewhere, [undefined], 'another server is not told the token');

  const denied = await runTrainer(`${own}/job/job.json?key=hidden`, { LINESIDE_TRAINER_TOKEN: 'another' });
  t.equal(denied.status, 5);
  t.match(denied.lines.at(-1), { code: 'download_failed', message: /HTTP 401/ });
  t.notMatch(JSON.stringify(denied.lines), /hidden|another/);
});
