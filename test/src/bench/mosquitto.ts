import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { freePort } from '../system/free-port.js';

/** Path of the Mosquitto broker, which Debian keeps outside an ordinary user's PATH; null when not installed. */
export function mosquittoBinary(): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, 'mosquitto')).find((path) => existsSync(path)) ?? null;
}

/** A Mosquitto broker on a free loopback port with TLS and client certificates, in memory only. */
export async function startMosquitto(options: {
  dir: string;
  ca: string;
  certificate: string;
  key: string;
}): Promise<{ url: string; stop(): Promise<void> }> {
  const binary = mosquittoBinary();
  if (!binary) throw new Error('Mosquitto is not installed: npm run setup:system');
  const { dir } = options;
  await mkdir(dir, { recursive: true });
  const port = await freePort();
  const files = { 'ca.pem': options.ca, 'server.pem': options.certificate, 'server.key': options.key };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  await writeFile(
    join(dir, 'mosquitto.conf'),
    [
      `listener ${port} 127.0.0.1`,
      `cafile ${join(dir, 'ca.pem')}`,
      `certfile ${join(dir, 'server.pem')}`,
      `keyfile ${join(dir, 'server.key')}`,
      'require_certificate true',
      'use_identity_as_username true',
      'allow_anonymous false',
      'persistence false',
      'max_inflight_messages 0',
      'max_queued_messages 0',
      // Started as root it would otherwise drop to an account that cannot read the key.
      ...(process.getuid?.() === 0 ? ['user root'] : []),
      '',
    ].join('\n'),
  );
  const child: ChildProcess = spawn(binary, ['-c', join(dir, 'mosquitto.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (/running/.test(said)) resolve();
    });
    child.on('exit', () => reject(new Error(`Mosquitto ended: ${said}`)));
  });
  return {
    url: `mqtts://127.0.0.1:${port}`,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
