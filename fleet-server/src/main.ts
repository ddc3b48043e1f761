import { isLinesideError } from '@lineside/shared';
import { pino } from 'pino';
import { loadConfig } from './config.js';
import { type RunningServer, startServer } from './server.js';

/** Sent over IPC to the process that forked this one. */
export interface ServerReady {
  type: 'ready';
  apiUrl: string;
  devicePortUrl: string;
  mqttUrl: string;
  signInUrl: string | null;
}

/** A connection that will not close must not keep the server from ending. */
const stopWithinMs = 15_000;

async function main(): Promise<void> {
  const config = loadConfig(process.argv.slice(2), process.env);
  const log = pino({ level: config.logLevel });
  let server: RunningServer | null = null;
  let stopping = false;
  const stop = async (reason: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, 'stopping');
    setTimeout(() => process.exit(1), stopWithinMs).unref();
    await server?.close();
    log.info('stopped');
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop('SIGTERM'));
  process.once('SIGINT', () => void stop('SIGINT'));
  process.once('disconnect', () => void stop('the parent process is gone'));

  const running = await startServer(config, { log });
  if (stopping) {
    await running.close();
    process.exit(0);
  }
  server = running;
  const { apiUrl, devicePortUrl, mqttUrl, signInUrl } = running;
  log.info({ apiUrl, devicePortUrl, mqttUrl, database: running.services.database.engine }, 'listening');
  // The link is a secret for the person at the terminal, so it is printed and never logged.
  if (signInUrl) process.stdout.write(`Sign in as the first admin, once, within 24 hours: ${signInUrl}\n`);
  process.send?.({ type: 'ready', apiUrl, devicePortUrl, mqttUrl, signInUrl } satisfies ServerReady);
}

try {
  await main();
} catch (error) {
  process.stderr.write(
    isLinesideError(error)
      ? `${error.code}: ${error.message}\n`
      : `${(error as Error).stack ?? String(error)}\n`,
  );
  process.exit(1);
}
