import { type ChildProcessByStdio, execFile, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { LinesideError } from '@lineside/shared';
import { type GpiodMajor, gpiodMajor, waitForInput } from './gpioset-arguments.js';

const command = 'gpioset';
/** Version 1 says nothing when the line is set; one that failed has ended by then. */
const settleMs = 30;
const mostErrorText = 500;
/** How long the output of a process that has ended is waited for; a process it left behind may keep it open. */
const lastWordsMs = 100;
/** How long a process may take to end when it is asked to. */
const endMs = 1000;

/** @throws LinesideError `output_failed` when there is no usable gpioset in the PATH */
export async function findGpioset(): Promise<GpiodMajor> {
  try {
    const { stdout } = await promisify(execFile)(command, ['--version'], { timeout: 5000 });
    return gpiodMajor(stdout);
  } catch (error) {
    if (error instanceof LinesideError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const cause = missing ? 'there is no gpioset: install the package gpiod' : (error as Error).message;
    throw new LinesideError('output_failed', cause, { cause: error });
  }
}

/** One run of gpioset. As long as it runs, the line is the agent's. */
export class GpiosetProcess {
  readonly #waitsForInput: boolean;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves when the line is set; rejects with gpioset's own words. */
  readonly set: Promise<void>;
  /** Resolves with what gpioset complained of, if anything, when it has ended. */
  readonly ended: Promise<string>;

  constructor(major: GpiodMajor, args: readonly string[]) {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    this.#waitsForInput = args.includes(waitForInput);
    let complaint = '';
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, mostErrorText);
    });
    let status: number | null = null;
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', () => resolve(complaint.trim()));
      child.once('exit', (code) => {
        status = code;
        setTimeout(() => {
          child.stdout.destroy();
          child.stderr.destroy();
          resolve(complaint.trim());
        }, lastWordsMs).unref();
      });
    });
    this.set = new Promise((resolve, reject) => {
      // Version 2 prints its banner once the line is set.
      child.stdout.once('data', () => resolve());
      const settled = major === 1 ? setTimeout(resolve, settleMs) : undefined;
      void this.ended.then((words) => {
        clearTimeout(settled);
        if (status === 0) resolve();
        else reject(new LinesideError('output_failed', words || `gpioset ended with ${status}`));
      });
    });
    // Whoever does not wait for it learns of a failure by the end.
    this.set.catch(() => {});
  }

  /** Resolves when the line is let go. */
  async end(): Promise<void> {
    // One that waits for its input sets the line first, however late it comes to that; the others are killed.
    if (this.#waitsForInput) this.#child.stdin.end();
    else this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), endMs);
    await this.ended;
    clearTimeout(force);
  }
}
