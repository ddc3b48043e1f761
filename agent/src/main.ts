import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  isErrorCode,
  isLinesideError,
  type LinesideError,
  softwareVersion,
  toLinesideError,
} from '@lineside/shared';
import { pino } from 'pino';
import { loadConfig } from './config.js';
import { createServiceManager } from './health/watchdog/service-manager.js';
import { LogBook } from './log-book.js';
import { createAgent } from './runtime.js';

const usage = `usage: lineside-agent --config FILE [--check]
       lineside-agent --version

  --config FILE  JSON configuration; LINESIDE_* environment variables override it
  --check        validate the configuration and end
  --version      print the version and end`;

/** How long a clean end may take before the process ends without it. */
const longestStopMs = 10_000;

/** Exit status: 0 clean, 1 failure, 2 wrong arguments or configuration, or another agent has the state folder. */
export async function main(args: string[]): Promise<number> {
  let options: { config?: string; check?: boolean; version?: boolean; help?: boolean };
  try {
    options = parseArgs({
      args,
      options: {
        config: { type: 'string' },
        check: { type: 'boolean' },
        version: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  if (options.help) {
    console.log(usage);
    return 0;
  }
  if (options.version) {
    console.log(softwareVersion);
    return 0;
  }
  if (options.config === undefined) {
    console.error(usage);
    return 2;
  }
  return run(options.config, options.check === true);
}

async function run(path: string, checkOnly: boolean): Promise<number> {
  try {
    const config = loadConfig(path);
    if (checkOnly) {
      console.log(`${path} is valid`);
      return 0;
    }
    const logBook = new LogBook();
    const output = pino.destination({ fd: 1, sync: true });
    const log = pino(
      { level: config.logLevel, base: { device: config.deviceName } },
      {
        write(line: string) {
          output.write(line);
          logBook.write(line);
        },
      },
    );
    let giveUp = (_: LinesideError): void => {};
    const beyondRepair = new Promise<LinesideError>((resolve) => {
      giveUp = resolve;
    });
    const agent = createAgent(config, {
      log,
      logBook,
      folder: dirname(resolve(path)),
      setLogLevel: (level) => {
        log.level = level;
      },
      service: createServiceManager(process.env),
      onBeyondRepair: (error) => {
        log.fatal({ code: error.code }, error.message);
        giveUp(error);
      },
    });
    const ended = stopSignal();
    const failed = agent.start().then(
      () => {
        process.send?.({ type: 'ready', deviceId: agent.deviceId, httpPort: agent.httpPort });
        return ended;
      },
      (error: unknown) => {
        const failure = toLinesideError(error);
        log.fatal({ code: failure.code }, failure.message);
        return failure;
      },
    );
    const cause = await Promise.race([ended, failed, beyondRepair]);
    const failure = isLinesideError(cause) ? cause : null;
    log.info({ cause: failure?.code ?? cause }, 'agent stops');
    // What hangs must not keep the process from being started again.
    await Promise.race([agent.stop(), delay(longestStopMs)]);
    if (isErrorCode(failure, 'storage_locked')) throw failure;
    return failure ? 1 : 0;
  } catch (error) {
    if (!isLinesideError(error)) throw error;
    console.error(`${error.code}: ${error.message}`);
    return 2;
  }
}

/** Resolves with what asks the agent to end: a signal, or the end of the parent that forked it. */
function stopSignal(): Promise<NodeJS.Signals | 'disconnect'> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
    if (process.connected) process.once('disconnect', () => resolve('disconnect'));
  });
}
