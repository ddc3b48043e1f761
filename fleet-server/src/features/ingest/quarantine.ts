import { LinesideError } from '@lineside/shared';
import { desc, lte, sql } from 'drizzle-orm';
import type { Counter } from 'prom-client';
import type { Db } from '../../db/database.js';
import { GroupCommit } from '../../db/group-commit.js';
import { quarantine } from '../../db/schema.js';

export interface QuarantinedMessage {
  deviceId: string;
  topic: string;
  code: string;
  message: string;
  payload: Uint8Array;
}

const keptRows = 1000;
const keptBytes = 65_536;
/** Control characters would be refused by the database, and say nothing to a person. */
const printable = (text: string) => text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, '?').slice(0, 500);

/** Messages that did not validate, for a person to look at: the newest thousand, the first 64 KiB of each. */
export class Quarantine {
  private readonly commits: GroupCommit<QuarantinedMessage>;
  private sinceTrim = 0;

  constructor(
    private readonly db: Db,
    private readonly counter: Counter<'code'>,
  ) {
    this.commits = new GroupCommit((messages) => this.write(messages), 100);
  }

  add(deviceId: string, topic: string, error: unknown, payload: Uint8Array): Promise<void> {
    const code = error instanceof LinesideError ? error.code : 'payload_invalid';
    this.counter.inc({ code });
    const message = printable(error instanceof Error ? error.message : String(error));
    // Copied: a view would keep the whole packet alive while it waits.
    const kept = Buffer.from(payload.subarray(0, keptBytes));
    return this.commits.submit({ deviceId, topic: printable(topic), code, message, payload: kept });
  }

  private async write(messages: QuarantinedMessage[]): Promise<void> {
    await this.db.insert(quarantine).values(messages);
    this.sinceTrim += messages.length;
    if (this.sinceTrim < 100) return;
    this.sinceTrim = 0;
    const oldest = this.db
      .select({ id: quarantine.id })
      .from(quarantine)
      .orderBy(desc(quarantine.id))
      .offset(keptRows)
      .limit(1);
    await this.db.delete(quarantine).where(lte(quarantine.id, sql`(${oldest})`));
  }
}
