import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const shared = '@lineside/shared';

export const readJson = async (...path) => JSON.parse(await readFile(join(root, ...path), 'utf8'));
export const writeJson = (path, value) => writeFile(path, `${JSON.stringify(value, null, 2)}\n`);

/** Compiled modules without maps and declarations. */
const modules = { recursive: true, filter: (path) => !/\.(map|d\.ts|tsbuildinfo)$/.test(path) };

/** What package.json says of the agent by itself, with what the shared package needs among its dependencies. */
export async function agentManifest() {
  const [repository, agent, inner] = await Promise.all([
    readJson('package.json'),
    readJson('agent', 'package.json'),
    readJson('shared', 'package.json'),
  ]);
  return {
    ...agent,
    description: "Lineside's runtime on the camera box",
    engines: repository.engines,
    os: ['linux'],
    dependencies: { ...inner.dependencies, ...agent.dependencies },
  };
}

/** Copies the compiled agent, and the shared package as its dependency; package.json is left to the caller. */
export async function copyAgent(folder) {
  const from = (...path) => join(root, ...path);
  const inner = join(folder, 'node_modules', shared);
  await mkdir(inner, { recursive: true });
  await cp(from('agent', 'bin'), join(folder, 'bin'), { recursive: true });
  await cp(from('agent', 'dist', 'src'), join(folder, 'dist', 'src'), modules);
  await cp(from('agent', 'page'), join(folder, 'page'), { recursive: true });
  await cp(from('agent', 'systemd'), join(folder, 'systemd'), { recursive: true });
  await cp(from('agent', 'packaging', 'agent.example.json'), join(folder, 'agent.example.json'));
  await cp(from('agent', 'packaging', 'README.md'), join(folder, 'README.md'));
  await cp(from('LICENSE'), join(folder, 'LICENSE'));
  await cp(from('shared', 'dist', 'src'), join(inner, 'dist', 'src'), modules);
  await cp(from('shared', 'package.json'), join(inner, 'package.json'));
  await cp(from('LICENSE'), join(inner, 'LICENSE'));
}
