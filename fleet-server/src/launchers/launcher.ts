import { errorCodes, LinesideError } from '@lineside/shared';

export const launcherKinds = ['off', 'local', 'torchrun', 'ray', 'kubernetes'] as const;
export type LauncherKind = (typeof launcherKinds)[number];

export interface LaunchOptions {
  /** Aborting cancels the job. */
  readonly signal: AbortSignal;
  /** Every line the trainer says, parsed. */
  readonly onLine: (line: unknown) => void;
}

/** Starts the PyTorch trainer somewhere. */
export interface Launcher {
  readonly kind: Exclude<LauncherKind, 'off'>;
  /**
   * Does the job in a folder of `writeJobFolder`, so that its output is there when it resolves. Nothing is left running when
   * it settles.
   * @throws LinesideError the trainer's own code where it is one of ours, `training_cancelled`, `training_failed`
   */
  run(folder: string, options: LaunchOptions): Promise<void>;
}

/** The error a trainer's last words speak of; undefined for other lines. A code that is not ours is `training_failed`. */
export function errorOf(line: unknown): LinesideError | undefined {
  if (typeof line !== 'object' || line === null || !('type' in line) || line.type !== 'error')
    return undefined;
  const { code, message } = line as { code?: unknown; message?: unknown };
  const known = errorCodes.find((each) => each === code);
  return new LinesideError(known ?? 'training_failed', String(message ?? code));
}
