import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { agentManifest, copyAgent, readJson, shared, writeJson } from './agent-files.js';
import { lockClosure } from './lock-closure.js';

/**
 * Makes a folder that runs the agent as it is: compiled modules and, in the versions that this repository has locked,
 * every package for one architecture. It needs a registry or a warm npm cache; the folder needs neither.
 *
 *   node stage-agent.js FOLDER [--arch x64|arm64]
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { arch: { type: 'string', default: process.arch } },
});
const { arch } = values;
const [folder] = positionals.map((path) => resolve(path));
if (folder === undefined || !['x64', 'arm64'].includes(arch)) {
  console.error('usage: stage-agent.js FOLDER [--arch x64|arm64]');
  process.exit(2);
}

/** The folders in `parent` but the ones named. */
async function removeOthers(parent, keep) {
  const names = await readdir(parent).catch(() => []);
  const others = names.filter((name) => !keep.includes(name));
  await Promise.all(others.map((name) => rm(join(parent, name), { recursive: true })));
}

/** Installs what the lock names; scripts are not run, so nothing is downloaded or compiled beside the registry. */
async function installPackages() {
  const manifest = await agentManifest();
  const { [shared]: _inside, ...dependencies } = manifest.dependencies;
  const lock = await readJson('package-lock.json');
  const { [`node_modules/${shared}`]: _link, ...packages } = lockClosure(lock.packages, 'agent');
  const alone = { ...manifest, dependencies };
  const { lockfileVersion } = lock;
  const { name, version } = manifest;
  await writeJson(join(folder, 'package.json'), alone);
  await writeJson(join(folder, 'package-lock.json'), {
    name,
    version,
    lockfileVersion,
    requires: true,
    packages: { '': alone, ...packages },
  });
  const target = ['--os=linux', `--cpu=${arch}`, '--libc=glibc'];
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline', ...target, ...quiet], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await rm(join(folder, 'package-lock.json'));
  await writeJson(join(folder, 'package.json'), manifest);
}

/** Native binaries for other systems are two thirds of the size; maps and declarations are of no use to a device. */
async function prune() {
  const modules = join(folder, 'node_modules');
  const runtime = join(modules, 'onnxruntime-node', 'bin');
  for (const api of await readdir(runtime)) {
    await removeOthers(join(runtime, api), ['linux']);
    await removeOthers(join(runtime, api, 'linux'), [arch]);
  }
  await removeOthers(join(modules, '@serialport', 'bindings-cpp', 'prebuilds'), [`linux-${arch}`]);
  await rm(join(modules, '@types'), { recursive: true, force: true });
  const files = await readdir(modules, { recursive: true });
  const useless = files.filter((path) => /\.(map|d\.ts|d\.mts|d\.cts)$/.test(path));
  await Promise.all(useless.map((path) => rm(join(modules, path))));
}

await rm(folder, { recursive: true, force: true });
await mkdir(folder, { recursive: true });
await installPackages();
await copyAgent(folder);
await prune();
