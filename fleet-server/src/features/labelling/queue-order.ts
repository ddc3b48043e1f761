import { count, gt, sql } from 'drizzle-orm';
import { labels, reviewItems } from '../../db/schema.js';
import { readSetting, writeSetting } from '../../db/settings.js';
import { parseHead } from '../../learning/head/head.js';
import type { OrderResult } from '../../learning/jobs/explorer.js';
import { scoreEmbeddings } from '../../learning/rescore.js';
import { runLearningJob } from '../../learning/worker-client.js';
import type { Services } from '../../services.js';
import { bringForward } from '../drift/queue.js';
import { championId } from '../models/repository.js';
import { loadOrderInputs, type OrderInputs } from './order-input.js';

export type OrderMethod = 'uncertainty-and-distance' | 'typicality' | 'none';
export interface OrderRecord {
  /** ISO text */
  orderedAt: string;
  method: OrderMethod;
  champion: string | null;
}
export interface OrderStatus {
  state: 'fresh' | 'stale' | 'running';
  orderedAt: string | null;
  method: string | null;
}

const key = 'queue_order';
const seed = 1;
/** Of frames that a person sent: before all others, whose scores are at most 1. */
export const sentPriority = 2;
const rowsPerUpdate = 5000;
const rowsPerScore = 256;

interface Prelabel {
  classId: string;
  confidence: number;
}

/**
 * Orders the review queue, in a process of its own and one pass at a time. Asked for while a pass runs, another one
 * follows, because the first may have missed what the caller wants ordered.
 */
export class QueueOrderer {
  readonly #services: Services;
  readonly #stopping = new AbortController();
  #running: Promise<{ ordered: number; method: OrderMethod }> | null = null;
  #next: Promise<{ ordered: number; method: OrderMethod }> | null = null;

  constructor(services: Services) {
    this.#services = services;
  }

  order(): Promise<{ ordered: number; method: OrderMethod }> {
    if (!this.#running) {
      this.#running = this.#pass().finally(() => {
        this.#running = null;
      });
      return this.#running;
    }
    const before = this.#running;
    this.#next ??= before
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        return this.order();
      });
    return this.#next;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running?.catch(() => undefined);
  }

  async status(): Promise<OrderStatus> {
    const record = await this.lastOrder();
    const { frames, labelled, champion } = await this.changes(record);
    const stale = !record || frames > 0 || labelled > 0 || champion;
    return {
      state: this.#running ? 'running' : stale ? 'stale' : 'fresh',
      orderedAt: record?.orderedAt ?? null,
      method: record?.method ?? null,
    };
  }

  async lastOrder(): Promise<OrderRecord | null> {
    return (await readSetting<OrderRecord>(this.#services.database.db, key)) ?? null;
  }

  /** What happened since an order was made. */
  async changes(
    record: OrderRecord | null,
  ): Promise<{ frames: number; labelled: number; champion: boolean }> {
    const { db } = this.#services.database;
    const since = new Date(record?.orderedAt ?? 0);
    const [waiting] = await db
      .select({ frames: count() })
      .from(reviewItems)
      .where(sql`${reviewItems.state} = 'queued' and ${reviewItems.enqueuedAt} > ${since.toISOString()}`);
    const [answers] = await db.select({ labelled: count() }).from(labels).where(gt(labels.at, since));
    return {
      frames: waiting?.frames ?? 0,
      labelled: answers?.labelled ?? 0,
      champion: (await championId(db)) !== (record?.champion ?? null),
    };
  }

  async #pass(): Promise<{ ordered: number; method: OrderMethod }> {
    const services = this.#services;
    const startedAt = new Date(services.now());
    const inputs = await loadOrderInputs(services, this.#stopping.signal);
    const method = !inputs ? 'none' : inputs.head ? 'uncertainty-and-distance' : 'typicality';
    let ordered = 0;
    if (inputs) {
      const prelabels = await prelabel(inputs);
      const result = await runLearningJob<'order'>(
        {
          type: 'order',
          input: {
            candidates: inputs.candidates,
            labelled: inputs.labelled,
            dimensions: inputs.dimensions,
            head: inputs.head?.serialized ?? null,
            classNames: inputs.head?.names ?? [],
            seed,
          },
        },
        { signal: this.#stopping.signal },
      );
      ordered = await this.#write(inputs, result, prelabels);
      await bringForward(services.database.db);
    }
    const champion = inputs ? inputs.champion : await championId(services.database.db);
    const value: OrderRecord = { orderedAt: startedAt.toISOString(), method, champion };
    await writeSetting(services.database.db, key, value);
    services.live.publish({ type: 'queue' });
    return { ordered, method };
  }

  /** Frames that were answered in the meantime are left alone. */
  async #write(
    inputs: OrderInputs,
    result: OrderResult,
    prelabels: readonly (Prelabel | null)[],
  ): Promise<number> {
    let written = 0;
    for (let from = 0; from < result.length; from += rowsPerUpdate) {
      const rows = result.slice(from, from + rowsPerUpdate).map(({ index, score, reason }) => ({
        frame: inputs.candidateIds[index],
        score,
        reason,
        class: prelabels[index]?.classId ?? null,
        confidence: prelabels[index]?.confidence ?? null,
      }));
      const updated = await this.#services.database.db.execute(sql`
        update review_items set
          priority = case when sent_by is null then 0 else ${sentPriority}::float8 end + o.score - review_items.skips,
          reason = case when sent_by is null then o.reason else review_items.reason end,
          prelabel_class_id = o.class,
          prelabel_confidence = o.confidence
        from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          as o(frame text, score double precision, reason text, class text, confidence double precision)
        where review_items.frame_id = o.frame and review_items.state = 'queued'`);
      written += updated.rowCount ?? 0;
    }
    return written;
  }
}

/** The head's answer for every candidate, a few at a time so that requests are served in between. */
async function prelabel({ head, candidates, dimensions }: OrderInputs): Promise<(Prelabel | null)[]> {
  if (!head) return [];
  const parsed = parseHead(head.serialized);
  const prelabels: Prelabel[] = [];
  const step = rowsPerScore * dimensions;
  for (let from = 0; from < candidates.length; from += step) {
    const scores = scoreEmbeddings(candidates.subarray(from, from + step), parsed);
    for (let row = 0; row < scores.length; row += parsed.classes) {
      let best = 0;
      for (let k = 1; k < parsed.classes; k++) if (scores[row + k]! > scores[row + best]!) best = k;
      prelabels.push({ classId: parsed.classIds[best]!, confidence: scores[row + best]! });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  return prelabels;
}

const orderers = new WeakMap<Services, QueueOrderer>();

/** The one orderer of a server: its routes and its background work share it. */
export function queueOrdererOf(services: Services): QueueOrderer {
  const orderer = orderers.get(services) ?? new QueueOrderer(services);
  orderers.set(services, orderer);
  return orderer;
}
