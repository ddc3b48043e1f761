import { bigint, integer, jsonb, pgTable, primaryKey, serial, text } from 'drizzle-orm/pg-core';
import type { FormatName } from '../../features/exchange/formats/index.js';
import type {
  ArchiveContents,
  ExportOptions,
  ImportCounts,
  ImportOptions,
  transferStates,
} from '../../features/exchange/schemas.js';
import { at, now } from './columns.js';

/** One archive that comes in or goes out. Its files lie in `transfers/<id>` of the data folder. */
export const transfers = pgTable('transfers', {
  id: text('id').primaryKey(),
  number: serial('number').notNull(),
  direction: text('direction').$type<'import' | 'export'>().notNull(),
  state: text('state').$type<(typeof transferStates)[number]>().notNull(),
  /** Null until an archive is read. */
  format: text('format').$type<FormatName>(),
  fileName: text('file_name').notNull(),
  /** Of the archive; 0 while an export is made. */
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  exportOptions: jsonb('export_options').$type<ExportOptions>(),
  importOptions: jsonb('import_options').$type<ImportOptions>(),
  /** What the archive holds, once it is read. */
  contents: jsonb('contents').$type<ArchiveContents>(),
  progress: jsonb('progress').$type<{
    phase: 'reading' | 'taking' | 'writing';
    done: number;
    total: number;
  }>(),
  /** Lines of the plan that an import has done, and what came of them: in step with the rows it wrote. */
  line: integer('line').notNull().default(0),
  counts: jsonb('counts').$type<ImportCounts>(),
  createdAt: now('created_at'),
  createdBy: text('created_by').notNull(),
  startedAt: at('started_at'),
  finishedAt: at('finished_at'),
  /** When its files go. */
  expiresAt: at('expires_at'),
  errorCode: text('error_code'),
  errorMessage: text('error_message'),
});

/** What of an archive did not go in, or not as it was: one row a file and reason. */
export const importIssues = pgTable(
  'import_issues',
  {
    importId: text('import_id')
      .notNull()
      .references(() => transfers.id),
    /** Line of the plan; several of one line are told apart by `part`. */
    line: integer('line').notNull(),
    part: integer('part').notNull(),
    name: text('name').notNull(),
    code: text('code').notNull(),
    message: text('message').notNull(),
  },
  (table) => [primaryKey({ columns: [table.importId, table.line, table.part] })],
);
