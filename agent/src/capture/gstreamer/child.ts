import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { LinesideError, toLinesideError } from '@lineside/shared';
import type { Size } from '../picture-geometry.js';
import { openFramePipe } from './frame-pipe.js';
import { Framer, type RawFrame } from './framer.js';
import { gstreamerWords, hideSecrets, secretsIn } from './words.js';

export interface ChildOptions {
  /** Arguments of gst-launch-1.0. */
  readonly pipeline: readonly string[];
  readonly size: Size;
  /** Whether GStreamer may trust what it last knew of its plug-ins: looking through them is a third of its start. */
  readonly pluginsKnown: boolean;
  /** Time to the first frame: opening a camera takes a while, and GStreamer may look through its plug-ins first. */
  readonly startGraceMs: number;
  /** Longest time between two frames. */
  readonly stallTimeoutMs: number;
  /** Frames handed over and not yet taken, beyond which the pipe is not read. */
  readonly mostWaiting: number;
  readonly monotonicMs: () => number;
  /** Resolves when the frame is done with. */
  readonly onFrame: (frame: RawFrame) => Promise<void>;
  /** Told once, as the last event, unless the child was ended from here. Null: it came to its end. */
  readonly onClose: (failure: LinesideError | null, frames: number) => void;
}

/** A child that ignores SIGTERM for so long is killed. */
const politeMs = 1000;
/** A killed process that does not go sits inside a driver; nothing waits for it any longer. */
const buriedAfterMs = 500;
/** An agent that was itself held up for so long blames no camera for it. */
const heldUpMs = 250;

/** One run of `gst-launch-1.0`, whose frames come over its stdout. */
export class GstreamerChild {
  readonly #options: ChildOptions;
  readonly #framer: Framer;
  readonly #secrets: readonly string[];
  /** Resolves when the process is gone and what it wrote is read. */
  readonly #closed: Promise<void>;
  #process: ChildProcess | null = null;
  #reader: Socket | null = null;
  #words = '';
  #failure: LinesideError | null = null;
  #frames = 0;
  #waiting = 0;
  #paused = false;
  #over = false;
  #watchdog: NodeJS.Timeout | null = null;
  #watchedMs = 0;
  #dueMs = 0;

  constructor(options: ChildOptions) {
    this.#options = options;
    this.#secrets = secretsIn(options.pipeline);
    this.#framer = new Framer(options.size.width, options.size.height);
    this.#watch(options.startGraceMs);
    this.#closed = this.#run().catch((cause: unknown) => {
      this.#failure = toLinesideError(cause, 'capture_failed');
    });
    void this.#closed.then(() => this.#close());
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Ends it without an event. Resolves when it is gone, or cannot be made to go. */
  async end(): Promise<void> {
    this.#finish();
    // Without a reader the child could block on its pipe for ever.
    this.#reader?.resume();
    this.#process?.kill('SIGTERM');
    if (!(await this.#goneWithin(politeMs))) {
      this.#process?.kill('SIGKILL');
      await this.#goneWithin(buriedAfterMs);
    }
    this.#release();
  }

  async #run(): Promise<void> {
    const { reader, writer } = await openFramePipe({
      buffer: () => this.#framer.room(),
      callback: (bytes) => this.#read(bytes),
    });
    this.#reader = reader;
    if (this.#over) {
      writer.destroy();
      return;
    }
    const child = spawn('gst-launch-1.0', this.#options.pipeline, {
      stdio: ['ignore', writer, 'pipe'],
      // Its words are looked for what they say, so they are asked for in one language.
      env: {
        ...process.env,
        LC_ALL: 'C.UTF-8',
        LANGUAGE: '',
        ...(this.#options.pluginsKnown ? { GST_REGISTRY_UPDATE: 'no' } : {}),
      },
    });
    this.#process = child;
    writer.destroy();
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#words = (this.#words + text).slice(-8000);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure = new LinesideError(
        'capture_failed',
        error.code === 'ENOENT'
          ? 'gst-launch-1.0 is not installed (Debian: gstreamer1.0-tools)'
          : error.message,
        { cause: error },
      );
    });
    // A connection that breaks closes as well, and what the process did says more.
    reader.on('error', () => {});
    await Promise.all([child, reader].map((end) => new Promise((resolve) => end.once('close', resolve))));
  }

  /** @returns whether to go on reading */
  #read(bytes: number): boolean {
    const { monotonicMs, mostWaiting, onFrame, stallTimeoutMs } = this.#options;
    const frame = this.#framer.filled(bytes, monotonicMs());
    if (!frame || this.#over) return true;
    this.#watch(stallTimeoutMs);
    this.#frames += 1;
    this.#waiting += 1;
    const taken = (): void => {
      frame.done();
      this.#taken();
    };
    onFrame(frame).then(taken, taken);
    // Taking the frame may have ended this run.
    if (this.#over || this.#waiting < mostWaiting) return true;
    // It is not the camera that makes nothing come now.
    this.#unwatch();
    this.#paused = true;
    return false;
  }

  #taken(): void {
    this.#waiting -= 1;
    if (this.#over || !this.#paused || this.#waiting >= this.#options.mostWaiting) return;
    this.#paused = false;
    this.#watch(this.#options.stallTimeoutMs);
    this.#reader?.resume();
  }

  #watch(ms: number): void {
    this.#dueMs = this.#options.monotonicMs() + ms;
    if (this.#watchdog && this.#watchedMs === ms) {
      this.#watchdog.refresh();
      return;
    }
    this.#unwatch();
    this.#watchedMs = ms;
    this.#watchdog = setTimeout(() => this.#silent(), ms);
  }

  #unwatch(): void {
    if (this.#watchdog) clearTimeout(this.#watchdog);
    this.#watchdog = null;
  }

  /** A hung child may not hear SIGTERM (a stopped one never does), so it is killed at once. */
  #silent(): void {
    const ms = this.#watchedMs;
    this.#watchdog = null;
    if (this.#options.monotonicMs() - this.#dueMs > heldUpMs) {
      this.#watch(ms);
      return;
    }
    this.#failure = new LinesideError('capture_stalled', `no frame for ${ms} ms${this.#spoken()}`);
    this.#process?.kill('SIGKILL');
    void this.#goneWithin(buriedAfterMs).then((gone) => {
      if (!gone) this.#close();
    });
  }

  #close(): void {
    if (this.#over) return;
    this.#finish();
    this.#release();
    const { exitCode: code = null, signalCode = null } = this.#process ?? {};
    const orderly = code === 0 && !this.#failure && this.#frames > 0;
    const how = code === 0 ? 'end of stream' : (signalCode ?? `status ${code}`);
    const failure =
      this.#failure ?? new LinesideError('capture_failed', `the pipeline ended (${how})${this.#spoken()}`);
    this.#options.onClose(orderly ? null : failure, this.#frames);
  }

  #finish(): void {
    this.#over = true;
    this.#unwatch();
  }

  #release(): void {
    this.#reader?.destroy();
    this.#process?.stderr?.destroy();
  }

  async #goneWithin(ms: number): Promise<boolean> {
    const limit = new AbortController();
    try {
      return await Promise.race([
        this.#closed.then(() => true),
        delay(ms, false, { signal: limit.signal }).catch(() => false),
      ]);
    } finally {
      limit.abort();
    }
  }

  #spoken(): string {
    const words = hideSecrets(gstreamerWords(this.#words), this.#secrets);
    return words === '' ? '' : `: ${words}`;
  }
}
