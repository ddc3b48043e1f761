import { Readable } from 'node:stream';
import { LinesideError } from '@lineside/shared';
import type { FastifyInstance } from 'fastify';
import { mount } from '../../http/route.js';
import { sendFile } from '../../http/send-file.js';
import type { Services } from '../../services.js';
import { filesOf } from './files.js';
import { isThere } from './handler.js';
import { importReport } from './report.js';
import * as repository from './repository.js';
import * as schemas from './schemas.js';
import { createExchange } from './service.js';

export interface ExchangeOptions {
  maxImportBytes: number;
}

export function registerExchange(app: FastifyInstance, services: Services, options: ExchangeOptions): void {
  const { database, dataDir } = services;
  const { db } = database;
  const exchange = createExchange(services, options);

  mount(app, schemas.listTransfers, async () => ({
    items: await Promise.all(
      (await repository.listTransfers(db)).map((row) => repository.toTransfer(dataDir, row)),
    ),
  }));
  mount(app, schemas.getTransfer, ({ params }) => exchange.show(params.id));
  mount(app, schemas.cancelTransfer, ({ params, actor }) => exchange.cancel(actor, params.id));
  mount(app, schemas.startExport, ({ body, actor }) => exchange.startExport(actor, body));
  mount(app, schemas.getExportFile, async ({ params, request, reply }) => {
    const row = await repository.transferById(db, params.id, 'export');
    const path = filesOf(dataDir, row.id).archive;
    if (row.state !== 'succeeded' || !(await isThere(path))) {
      throw new LinesideError('not_found', 'The file is not there, or no longer.');
    }
    reply.header('content-disposition', `attachment; filename="${row.fileName}"`);
    return sendFile(request, reply, { path, tag: row.id, type: 'application/zip' });
  });
  mount(app, schemas.createImport, ({ body, actor }) => exchange.createImport(actor, body));
  mount(app, schemas.startImport, ({ params, body, actor }) => exchange.startImport(actor, params.id, body));
  mount(app, schemas.getImportReport, async ({ params, reply }) => {
    const row = await repository.transferById(db, params.id, 'import');
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', `attachment; filename="import-${row.number}-report.csv"`)
      .send(Readable.from(importReport(db, row)));
  });
  // A scope of its own: elsewhere a body of raw bytes stays refused.
  app.register(async (scope) => {
    scope.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
    mount(scope, schemas.putImportPart, ({ params, query, request }) =>
      exchange.takePart(params.id, request.body as Readable, query.offset),
    );
  });
}
