import type { Alarm, Hold, ReportedState } from '@lineside/shared';
import Fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';
import type { DecisionStream } from '../outputs/decision-stream.js';
import { addPage, type PagePorts } from './page/routes.js';

export interface Health {
  readonly status: 'ok' | 'degraded';
  readonly agentVersion: string;
  readonly deviceId: string | null;
  readonly uptimeSeconds: number;
  readonly connected: boolean;
  /** Version of the model that decides. */
  readonly model: string | null;
  readonly backend: ReportedState['backend'];
  readonly cameras: ReportedState['cameras'];
  readonly alarms: readonly Alarm[];
  /** The plant holds updates; null: it does not. */
  readonly hold: Hold | null;
}

export interface HttpOptions {
  readonly health: () => Health;
  readonly metrics: Registry;
  readonly decisions: DecisionStream;
  readonly page: PagePorts;
}

/** The agent's local HTTP server: the page, health, metrics and the stream of decisions. */
export function buildHttp({ health, metrics, decisions, page }: HttpOptions): FastifyInstance {
  const app = Fastify({ logger: false, bodyLimit: 1024, forceCloseConnections: true });
  addPage(app, page);
  app.get('/healthz', async () => health());
  app.get('/metrics', async (_request, reply) => {
    reply.type(metrics.contentType);
    return metrics.metrics();
  });
  app.get<{ Querystring: { camera?: string } }>('/decisions', (request, reply) => {
    if (!decisions.open) return reply.code(503).send({ code: 'unavailable' });
    const { camera } = request.query;
    reply.hijack();
    decisions.add(reply.raw, typeof camera === 'string' ? camera : null);
    return reply;
  });
  return app;
}
