import { LinesideError } from '@lineside/shared';

/** The command lines of libgpiod 1 and 2 have little in common. */
export type GpiodMajor = 1 | 2;
export type Level = 0 | 1;

/** Version 1 holds the line until its standard input ends. */
export const waitForInput = '--mode=wait';

export interface GpioLine {
  readonly chip: string;
  readonly line: number;
}

/** @param text what `gpioset --version` says. @throws LinesideError `output_failed` */
export function gpiodMajor(text: string): GpiodMajor {
  const major = /\bv?(\d+)\.\d+/.exec(text)?.[1];
  if (major === '1') return 1;
  if (major === '2') return 2;
  throw new LinesideError('output_failed', 'gpioset is of a version that is not known');
}

/** Sets the level and keeps the line until the process is ended. */
export function holdArguments(major: GpiodMajor, { chip, line }: GpioLine, level: Level): string[] {
  // The input also ends when the agent does, so the line is never held by a process that is left over.
  if (major === 1) return [waitForInput, chip, `${line}=${level}`];
  return ['--banner', '--consumer', 'lineside', '--chip', chip, `${line}=${level}`];
}

/** Sets the line to 1 for so long, and ends by itself even when the agent is gone. */
export function pulseArguments(major: GpiodMajor, { chip, line }: GpioLine, milliseconds: number): string[] {
  if (major === 1) {
    const seconds = Math.floor(milliseconds / 1000);
    const micro = (milliseconds % 1000) * 1000;
    return ['--mode=time', `--sec=${seconds}`, `--usec=${micro}`, chip, `${line}=1`];
  }
  const toggle = ['--toggle', `${milliseconds}ms,0`];
  return ['--banner', '--consumer', 'lineside', ...toggle, '--chip', chip, `${line}=1`];
}
