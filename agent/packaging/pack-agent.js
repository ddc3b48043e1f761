import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { agentManifest, copyAgent, root, shared, writeJson } from './agent-files.js';

/**
 * Makes lineside-agent-VERSION.tgz: the agent with the shared package inside; the rest comes from a registry.
 * Argument: the folder it is put into; default: dist.
 */
const destination = resolve(process.argv[2] ?? join(root, 'dist'));
const stage = await mkdtemp(join(tmpdir(), 'lineside-agent-'));
try {
  await copyAgent(stage);
  await writeJson(join(stage, 'package.json'), {
    ...(await agentManifest()),
    files: ['agent.example.json', 'bin', 'dist', 'page', 'systemd'],
    bundleDependencies: [shared],
  });
  await mkdir(destination, { recursive: true });
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const options = { cwd: stage, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  const [{ filename }] = JSON.parse(execFileSync('npm', args, options));
  console.log(join(destination, filename));
} finally {
  await rm(stage, { recursive: true, force: true });
}
