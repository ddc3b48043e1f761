import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { softwareVersion } from '@lineside/shared';
import t, { type Test } from 'tap';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const packaging = join(root, 'agent', 'packaging');
const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;
const withoutDpkg = { skip: !hasDpkg && 'dpkg-deb is not installed' };
const isRoot = process.getuid?.() === 0;

/** Resolves with standard output; null, the test being skipped, when npm has neither a registry nor a warm cache. */
async function orSkip(t: Test, command: string, args: string[], cwd = root): Promise<string | null> {
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' };
  try {
    return (await run(command, args, { cwd, env, maxBuffer: 1 << 26 })).stdout;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    if (!/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(stderr ?? '')) throw error;
    t.plan(0, 'the npm registry cannot be reached');
    return null;
  }
}

async function check(t: Test, agent: string, config: string): Promise<void> {
  const told = (...args: string[]) =>
    run(process.execPath, [agent, ...args]).then(({ stdout }) => stdout.trim());
  t.equal(await told('--version'), softwareVersion);
  t.match(await told('--config', config, '--check'), /is valid$/);
}

t.setTimeout(1_200_000);

t.test('the npm package holds the shared code and runs where it is installed', async (t) => {
  const dir = t.testdir({ install: { 'package.json': '{}' } });
  const packed = await run(process.execPath, [join(packaging, 'pack-agent.js'), dir]);
  const tarball = packed.stdout.trim();
  const target = join(dir, 'install');
  const install = ['install', tarball, '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  if ((await orSkip(t, 'npm', install, target)) === null) return;
  const files = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' }).split('\n');
  t.ok(files.includes('package/node_modules/@lineside/shared/dist/src/index.js'));
  t.ok(files.includes('package/bin/lineside-agent.js'));
  t.notOk(files.find((path) => /\/test\/|\.d\.ts$|\.map$/.test(path)));
  await check(
    t,
    join(target, 'node_modules', '.bin', 'lineside-agent'),
    join(packaging, 'agent.example.json'),
  );
});

t.test('the Debian package: what it holds, and that it runs as it is', withoutDpkg, async (t) => {
  const dir = t.testdir({ tree: {} });
  const tree = join(dir, 'tree');
  const build = [join(packaging, 'build-deb.sh'), '--out', dir, '--compression', 'gzip'];
  const built = await orSkip(t, 'bash', build);
  if (built === null) return;
  const deb = built.trim().split('\n').at(-1) ?? '';
  const field = (name: string) => execFileSync('dpkg-deb', ['-f', deb, name], { encoding: 'utf8' }).trim();

  t.equal(field('Package'), 'lineside-agent');
  t.equal(field('Version'), softwareVersion);
  t.equal(field('Architecture'), execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim());
  t.match(
    field('Depends'),
    /nodejs \(>= 20.*gstreamer1\.0-tools, gstreamer1\.0-plugins-base, gstreamer1\.0-plugins-good/,
  );
  t.match(field('Suggests'), /gpiod/);

  await run('dpkg-deb', ['-x', deb, tree]);
  await run('dpkg-deb', ['-e', deb, join(tree, 'DEBIAN')]);
  const config = join(tree, 'etc', 'lineside', 'agent.json');
  t.equal((await stat(config)).mode & 0o777, 0o640);
  t.equal(await readFile(join(tree, 'DEBIAN', 'conffiles'), 'utf8'), '/etc/lineside/agent.json\n');
  for (const script of ['postinst', 'prerm', 'postrm']) {
    execFileSync('sh', ['-n', join(tree, 'DEBIAN', script)]);
    t.notMatch(await readFile(join(tree, 'DEBIAN', script), 'utf8'), /npm|curl|wget|https?:/, 'no network');
  }
  const unit = await readFile(
    join(tree, 'usr', 'lib', 'systemd', 'system', 'lineside-agent.service'),
    'utf8',
  );
  t.match(unit, /^Type=notify$/m);
  t.match(unit, /^User=lineside$/m);
  t.match(unit, /^ExecStart=\/usr\/bin\/node \/opt\/lineside\/agent\/bin\/lineside-agent\.js /m);

  const modules = join(tree, 'opt', 'lineside', 'agent', 'node_modules');
  const [api = ''] = await readdir(join(modules, 'onnxruntime-node', 'bin'));
  t.same(await readdir(join(modules, 'onnxruntime-node', 'bin', api)), ['linux']);
  t.same(await readdir(join(modules, 'onnxruntime-node', 'bin', api, 'linux')), [process.arch]);
  t.ok(existsSync(join(modules, '@img', `sharp-linux-${process.arch}`)));
  await check(t, join(tree, 'opt', 'lineside', 'agent', 'bin', 'lineside-agent.js'), config);
  // The native parts load: a model session and a picture.
  const load = `await import('sharp'); await import('onnxruntime-node'); console.log('loaded')`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', load], {
    cwd: join(tree, 'opt', 'lineside', 'agent'),
  });
  t.equal(stdout.trim(), 'loaded');

  await t.test(
    'installed, updated, removed and purged in a folder that stands for a disk image',
    { skip: !isRoot && 'dpkg --root needs root' },
    (t) => installInto(t, deb),
  );
});

async function installInto(t: Test, deb: string): Promise<void> {
  const image = t.testdir({
    etc: { passwd: 'root:x:0:0:root:/root:/bin/sh\n', group: 'root:x:0:\nvideo:x:44:\ngpio:x:997:\n' },
    var: {
      lib: { dpkg: { info: {}, updates: {}, triggers: {}, status: '', available: '' } },
      log: {},
    },
  });
  const at = (...path: string[]) => join(image, ...path);
  const dpkg = (...args: string[]) =>
    run('dpkg', [
      `--root=${image}`,
      '--force-script-chrootless',
      '--force-depends',
      '--force-confold',
      ...args,
    ]);
  const text = (...path: string[]) => readFile(at(...path), 'utf8');

  await dpkg('-i', deb);
  const [, uid, gid] = /^lineside:[^:]*:(\d+):(\d+):/m.exec(await text('etc', 'passwd')) ?? [];
  t.ok(uid && uid !== '0', 'a user of its own');
  t.match(await text('etc', 'group'), /^video:x:44:lineside$/m);
  t.match(await text('etc', 'group'), /^gpio:x:997:lineside$/m);
  const state = await stat(at('var', 'lib', 'lineside'));
  t.same([state.uid, state.gid, state.mode & 0o777], [Number(uid), Number(gid), 0o700]);
  const config = await stat(at('etc', 'lineside', 'agent.json'));
  t.same([config.uid, config.gid, config.mode & 0o777], [0, Number(gid), 0o640]);
  t.ok(
    (await readdir(at('etc', 'systemd', 'system', 'multi-user.target.wants'))).includes(
      'lineside-agent.service',
    ),
  );

  await writeFile(at('etc', 'lineside', 'agent.json'), '{"edited":true}');
  await mkdir(at('var', 'lib', 'lineside', 'spool'));
  await dpkg('-i', deb);
  t.equal(
    await text('etc', 'lineside', 'agent.json'),
    '{"edited":true}',
    'an update keeps the configuration',
  );
  await dpkg('-r', 'lineside-agent');
  t.notOk(existsSync(at('opt', 'lineside')));
  t.ok(existsSync(at('var', 'lib', 'lineside', 'spool')), 'removing keeps the state');
  await dpkg('-P', 'lineside-agent');
  t.notOk(existsSync(at('var', 'lib', 'lineside')) || existsSync(at('etc', 'lineside')), 'purging does not');
  t.notMatch(await text('etc', 'passwd'), /lineside/);
  t.notMatch(await text('etc', 'group'), /lineside/);
}

const hasAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0;

t.test(
  'the unit is one that systemd understands',
  { skip: !hasAnalyze && 'systemd-analyze is not installed' },
  async (t) => {
    const unit = join(root, 'agent', 'systemd', 'lineside-agent.service');
    const { stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    // systemd knows the growing pauses since 254; the agent is not installed on a machine that tests.
    const known = /RestartSteps|RestartMaxDelaySec|is not executable/;
    t.same(
      stderr.split('\n').filter((line) => line !== '' && !known.test(line)),
      [],
    );
  },
);
