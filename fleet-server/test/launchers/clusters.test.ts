import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { makeConfig } from '../../src/config.js';
import { kubernetesLauncher } from '../../src/launchers/kubernetes.js';
import { makeLauncher } from '../../src/launchers/make-launcher.js';
import { rayLauncher } from '../../src/launchers/ray.js';
import { jobName } from '../../src/launchers/shared-folder.js';

const command = 'torchrun -m lineside_trainer';
const never = new AbortController().signal;

/** A job folder with one picture behind a link, and an empty folder that a cluster would share. */
async function folders(test: Test) {
  const root = test.testdir({ job: { frames: {}, output: {} }, shared: {}, pictures: { one: 'a picture' } });
  await symlink(join(root, 'pictures', 'one'), join(root, 'job', 'frames', 'abc'));
  await writeFile(join(root, 'job', 'job.json'), '{}');
  return { job: join(root, 'job'), shared: join(root, 'shared'), name: jobName(join(root, 'job')) };
}

/** In place of a Ray cluster: the Jobs API as its documentation has it, with one job that does what the test says. */
async function standInRay(test: Test, states: readonly { status: string; logs: string }[]) {
  const asked: { method: string; path: string; authorization: string | undefined; body: string }[] = [];
  let [job, at] = [false, 0];
  let whileRunning = async (): Promise<void> => undefined;
  const read = async (request: IncomingMessage) => {
    let body = '';
    for await (const part of request) body += part;
    return body;
  };
  const server = createServer(async (request, response) => {
    const [method, path] = [request.method!, request.url!];
    asked.push({ method, path, authorization: request.headers.authorization, body: await read(request) });
    const answer = (status: number, value: object) => response.writeHead(status).end(JSON.stringify(value));
    if (method === 'POST' && path === '/api/jobs/') {
      job = true;
      await whileRunning();
      return answer(200, { submission_id: 'x' });
    }
    if (!job) return answer(404, {});
    if (method === 'DELETE') job = false;
    if (path.endsWith('/stop')) at = states.length - 1;
    if (path.endsWith('/logs')) return answer(200, { logs: states[Math.min(at++, states.length - 1)]!.logs });
    return answer(200, { status: states[Math.min(at, states.length - 1)]!.status, message: 'as it went' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.teardown(() => new Promise((resolve) => server.close(resolve)));
  return {
    asked,
    url: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    there: () => job,
    during(work: () => Promise<void>) {
      whileRunning = work;
    },
  };
}

const line = (value: object) => `${JSON.stringify(value)}\n`;

t.test('Ray: a job is submitted, heard, taken back and forgotten', async (t) => {
  const { job, shared, name } = await folders(t);
  const first = `starting\n${line({ type: 'start' })}{"type":`;
  const all = `starting\n${line({ type: 'start' })}${line({ type: 'done' })}`;
  const ray = await standInRay(t, [
    { status: 'PENDING', logs: '' },
    { status: 'RUNNING', logs: first },
    { status: 'SUCCEEDED', logs: all },
  ]);
  ray.during(async () => {
    t.equal(await readFile(join(shared, name, 'frames', 'abc'), 'utf8'), 'a picture', 'a copy, not a link');
    await writeFile(join(shared, name, 'output', 'result.json'), 'found');
  });
  const tokenFile = join(shared, '..', 'token');
  await writeFile(tokenFile, 'secret-token\n');
  const launcher = rayLauncher({
    ...{ url: ray.url, tokenFile, sharedDir: shared, sharedPath: '/mnt/x', command, gpus: 2, pollMs: 5 },
  });
  const lines: unknown[] = [];
  await launcher.run(job, { signal: never, onLine: (each) => lines.push(each) });
  t.strictSame(lines, [{ type: 'start' }, { type: 'done' }]);
  const submitted = ray.asked.find(({ method, path }) => method === 'POST' && path === '/api/jobs/')!;
  t.strictSame(JSON.parse(submitted.body), {
    submission_id: name,
    entrypoint: `${command} --job /mnt/x/${name}/job.json`,
    entrypoint_num_gpus: 2,
  });
  t.ok(ray.asked.every(({ authorization }) => authorization === 'Bearer secret-token'));
  t.notOk(ray.asked.some(({ body, path }) => `${body}${path}`.includes('secret')));
  t.equal(await readFile(join(job, 'output', 'result.json'), 'utf8'), 'found');
  t.strictSame(await readdir(shared), [], 'nothing is left in the shared folder');
  t.notOk(ray.there());
});

t.test('Ray: a failure keeps its code, a cancelled job is stopped', async (t) => {
  const { job, shared } = await folders(t);
  const options = { sharedDir: shared, sharedPath: shared, command, gpus: 1, pollMs: 5 };
  const logs = line({ type: 'error', code: 'model_invalid', message: 'Softplus odd' });
  const failing = await standInRay(t, [{ status: 'FAILED', logs }]);
  const run = (url: string, signal = never, onLine = (_: unknown) => {}) =>
    rayLauncher({ ...options, url }).run(job, { signal, onLine });
  await t.rejects(run(failing.url), { code: 'model_invalid', message: 'Softplus odd' });

  const running = await standInRay(t, [
    { status: 'RUNNING', logs: line({ type: 'start' }) },
    { status: 'STOPPED', logs: line({ type: 'start' }) },
  ]);
  const abort = new AbortController();
  await t.rejects(
    run(running.url, abort.signal, () => abort.abort()),
    { code: 'training_cancelled' },
  );
  t.ok(running.asked.some(({ path }) => path.endsWith('/stop')));
  t.notOk(running.there());
  t.strictSame(await readdir(shared), []);
  await t.rejects(run('http://127.0.0.1:1'), { code: 'training_failed', message: /^Ray: / });
});

/** In place of kubectl: writes down what it is told, and answers `logs` with what the test gives. */
async function standInKubectl(folder: string, logs: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'kubectl');
  const script = `#!/bin/sh
echo "$*" >> ${folder}/calls
case "$3" in
  apply) cat > ${folder}/manifest ;;
  logs) ${logs} ;;
esac
`;
  await writeFile(path, script, { mode: 0o755 });
  return path;
}

t.test('Kubernetes: a job is applied, heard and deleted, whatever its end', async (t) => {
  const { job, shared, name } = await folders(t);
  const options = {
    namespace: 'parts',
    image: 'trainer:1',
    volumeClaim: 'shared',
    sharedDir: shared,
    gpus: 1,
  };
  const by = async (tool: string, logs: string) => {
    const folder = join(shared, '..', tool);
    const launcher = kubernetesLauncher({ ...options, command, kubectl: await standInKubectl(folder, logs) });
    return { launcher, read: (file: string) => readFile(join(folder, file), 'utf8') };
  };
  const good = await by(
    'good',
    `echo '${line({ type: 'done' }).trim()}'; echo found > ${shared}/${name}/output/r`,
  );
  const lines: unknown[] = [];
  await good.launcher.run(job, { signal: never, onLine: (each) => lines.push(each) });
  t.strictSame(lines, [{ type: 'done' }]);
  const remove = `--namespace parts delete job ${name} --ignore-not-found --cascade=foreground`;
  t.strictSame((await good.read('calls')).trim().split('\n'), [
    remove,
    '--namespace parts apply -f -',
    `--namespace parts logs --follow --pod-running-timeout=24h job/${name}`,
    remove,
  ]);
  const { spec } = JSON.parse(await good.read('manifest')).spec.template;
  t.match(spec, { automountServiceAccountToken: false, securityContext: { runAsUser: process.getuid?.() } });
  const [container] = spec.containers;
  t.match(container, {
    image: 'trainer:1',
    command: ['torchrun'],
    resources: { limits: { 'nvidia.com/gpu': '1' } },
  });
  t.match(container.volumeMounts, [
    { mountPath: '/job', subPath: name, readOnly: true },
    { mountPath: '/job/output', subPath: `${name}/output`, readOnly: false },
  ]);
  t.equal(await readFile(join(job, 'output', 'r'), 'utf8'), 'found\n');
  t.strictSame(await readdir(shared), []);

  const lost = await by('lost', 'true');
  await t.rejects(lost.launcher.run(job, { signal: never, onLine() {} }), { code: 'training_failed' });
  const abort = new AbortController();
  const hanging = await by('hanging', `echo '{"type":"start"}'; sleep 600`);
  await t.rejects(hanging.launcher.run(job, { signal: abort.signal, onLine: () => abort.abort() }), {
    code: 'training_cancelled',
  });
  t.equal((await hanging.read('calls')).trim().split('\n').at(-1), remove, 'deleted when cancelled');
});

t.test('a launcher that lacks a setting is refused by its name', (t) => {
  t.equal(makeLauncher(makeConfig({})), null);
  t.throws(() => makeLauncher(makeConfig({ trainerLauncher: 'ray' })), {
    code: 'config_invalid',
    message: /ray needs trainerSharedDir/,
  });
  const kubernetes = {
    trainerLauncher: 'kubernetes',
    trainerSharedDir: '/shared',
    trainerImage: 'trainer:1',
  };
  t.throws(() => makeLauncher(makeConfig(kubernetes)), { message: /needs trainerVolumeClaim/ });
  t.equal(makeLauncher(makeConfig({ ...kubernetes, trainerVolumeClaim: 'shared' }))?.kind, 'kubernetes');
  t.end();
});
