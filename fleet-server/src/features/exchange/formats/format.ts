import type { ErrorCode } from '@lineside/shared';
import type { Collector } from './collector.js';

/** In pixels from the top left corner of the picture. */
export interface NamedBox {
  className: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export type ExportSplit = 'train' | 'test';

/** One frame on its way out. */
export interface ExportFrame {
  /** `<frame id>.<extension>`: unique, and safe as a file name. */
  fileName: string;
  sha256: string;
  width: number;
  height: number;
  /** Of the whole frame; null: it has no label. */
  className: string | null;
  boxes: readonly NamedBox[];
  /** Null: what is exported has no splits. */
  split: ExportSplit | null;
}

export interface ExportSource {
  classes: readonly { name: string; colour: string }[];
  /** Those that occur, in the order they are written in; `[null]` without splits. */
  splits: readonly (ExportSplit | null)[];
  /** Every frame, always in the same order; may be called again. */
  frames(): AsyncIterable<ExportFrame>;
}

/** One file of an archive: text that is written as it is made, or a stored picture. */
export type ArchiveFile =
  | { name: string; text: AsyncIterable<string> | Iterable<string> }
  | { name: string; sha256: string };

/** An archive that is read: only names and texts; pictures are fetched when they are stored. */
export interface ArchiveIndex {
  readonly names: readonly string[];
  /** @throws LinesideError `archive_invalid`, `payload_too_large` */
  text(name: string): Promise<string>;
}

/** A picture with what the archive says of it. */
export interface ReadPicture {
  /** Name in the archive; null: it is annotated and not there. */
  entry: string | null;
  /** As people know it. */
  name: string;
  /** Of the whole picture. */
  classNames: string[];
  boxes: ReadBox[];
  split: string | null;
}

/** `share`: in parts of the picture's width and height, else in pixels. */
export interface ReadBox extends NamedBox {
  unit: 'pixel' | 'share';
}

export interface ReadIssue {
  name: string;
  code: ErrorCode;
  message: string;
}

export interface Format {
  /** What frames it can carry: those with a label of the whole frame, those with boxes, or any. */
  readonly carries: 'labelled' | 'any';
  write(source: ExportSource, pictures: boolean): AsyncGenerator<ArchiveFile> | Generator<ArchiveFile>;
  /** Whether an archive looks like it. */
  detect(archive: ArchiveIndex): boolean | Promise<boolean>;
  read(archive: ArchiveIndex, into: Collector): void | Promise<void>;
}
