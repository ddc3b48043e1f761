import type { Tone } from '../../ui/signal.js';

export interface LogLine {
  key: string;
  /** Milliseconds since 1970; null where the line does not say. */
  at: number | null;
  /** As pino counts: 30 info, 40 warn, 50 error. */
  level: number;
  text: string;
  /** Everything else the line holds, as JSON; empty for nothing. */
  rest: string;
}

const usual = new Set(['level', 'time', 'msg', 'pid', 'hostname', 'name']);

function parseLine(line: string, key: string): LogLine {
  try {
    const value = JSON.parse(line) as Record<string, unknown>;
    const { level, time, msg } = value;
    const rest = Object.fromEntries(Object.entries(value).filter(([name]) => !usual.has(name)));
    const at = typeof time === 'number' ? time : Date.parse(String(time));
    return {
      key,
      at: Number.isNaN(at) ? null : at,
      level: typeof level === 'number' ? level : 30,
      text: typeof msg === 'string' ? msg : '',
      rest: Object.keys(rest).length > 0 ? JSON.stringify(rest) : '',
    };
  } catch {
    return { key, at: null, level: 30, text: line, rest: '' };
  }
}

/** Lines of a log, newest first. */
export const parseLog = (text: string): LogLine[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line, index) => parseLine(line, String(index)))
    .reverse();

export const levelWord = (level: number): string =>
  level >= 60 ? 'fatal' : level >= 50 ? 'error' : level >= 40 ? 'warn' : level >= 30 ? 'info' : 'debug';

export const levelTone = (level: number): Tone => (level >= 50 ? 'bad' : level >= 40 ? 'warn' : 'idle');
