import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createArtifactClient, type LeastRate } from '@lineside/agent/update/artifact-client';
import { ArtifactStore } from '@lineside/agent/update/artifact-store';
import { Packages } from '@lineside/agent/update/packages';
import { TufClient } from '@lineside/agent/update/tuf-client';
import { newCsr } from '@lineside/fleet-server/testing/test-device';
import { FleetCa } from '@lineside/fleet-server/trust/fleet-ca';
import { TufRepository } from '@lineside/fleet-server/trust/tuf-repository';
import { encodeMessage, ModelManifest, type ModelTarget } from '@lineside/shared';

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const signal = () => AbortSignal.timeout(60_000);

/** What the attacker answers instead of the truth. */
export type Answer = (truth: Buffer | null, request: IncomingMessage, reply: ServerResponse) => void;

const send = (reply: ServerResponse, data: Buffer | null): void =>
  void (data
    ? reply.writeHead(200, { 'content-length': data.byteLength }).end(data)
    : reply.writeHead(404).end());

/** The answer with one bit of one byte turned over. */
export const flipped =
  (at: number): Answer =>
  (truth, _request, reply) => {
    const copy = Buffer.from(truth ?? '');
    copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ 1;
    send(reply, copy);
  };
export const instead =
  (data: Buffer | null): Answer =>
  (_truth, _request, reply) =>
    send(reply, data);

/** A fleet's signed repository, between it and a device somebody who may change every answer, and the device. */
export class HostilePort {
  /** By path below the port: what is answered instead. */
  readonly lies = new Map<string | RegExp, Answer>();
  readonly blobs = new Map<string, Buffer>();
  readonly asked: string[] = [];
  repository: TufRepository;
  /** Of repository and device alike. */
  nowMs = Date.now();

  private constructor(
    readonly dataDir: string,
    repository: TufRepository,
    private readonly identity: Parameters<typeof createArtifactClient>[0],
    readonly firstRoot: string,
    readonly close: () => Promise<void>,
  ) {
    this.repository = repository;
  }

  static async start(dataDir: string): Promise<HostilePort> {
    const now = (): number => self?.nowMs ?? Date.now();
    let self: HostilePort | null = null;
    const repository = await TufRepository.open(join(dataDir, 'tuf'), join(dataDir, 'trust'), now);
    const ca = await FleetCa.open(join(dataDir, 'trust'));
    const credentials = await ca.serverCredentials([]);
    const { keyPem, csrPem } = await newCsr();
    const device = await ca.issueDevice('cam-1', csrPem);
    const server = createServer(
      {
        key: credentials.keyPem,
        cert: credentials.chainPem,
        ca: ca.certificatePem,
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, reply) => void self?.answer(request, reply).catch(() => reply.destroy()),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    self = new HostilePort(
      dataDir,
      repository,
      {
        artifactsUrl: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
        keyPem,
        certificatePem: device.pem,
        caPem: ca.certificatePem,
      },
      await repository.trustedRoot(),
      () =>
        new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        }),
    );
    return self;
  }

  private async answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.asked.push(path);
    const truth = path.startsWith('/tuf/')
      ? await this.repository.readTuf(path.slice('/tuf/'.length))
      : (this.blobs.get(path.replace('/artifacts/', '')) ?? null);
    const lie = [...this.lies].find(([of]) => (typeof of === 'string' ? of === path : of.test(path)));
    if (lie) lie[1](truth, request, reply);
    else send(reply, truth);
  }

  /** What the signed repository itself would answer. */
  truth = (name: string): Promise<Buffer> =>
    this.repository.readTuf(name).then((data) => {
      if (!data) throw new Error(`no ${name}`);
      return data;
    });

  /** As after new keys were put in force: the server starts again. */
  async reopen(): Promise<void> {
    const { dataDir } = this;
    this.repository = await TufRepository.open(
      join(dataDir, 'tuf'),
      join(dataDir, 'trust'),
      () => this.nowMs,
    );
  }

  /** Signs a package and says what a device would be told. */
  async release(
    releaseCounter: number,
    custom: Record<string, unknown> = {},
  ): Promise<{ target: ModelTarget; files: { model: string; golden: string } }> {
    const model = randomBytes(60_000);
    const golden = randomBytes(500);
    for (const data of [model, golden]) this.blobs.set(sha256(data), data);
    const version = `v${releaseCounter}`;
    const content = Buffer.from(encodeMessage(ModelManifest, manifestOf(version, model, golden)));
    const path = `models/parts/${version}/${releaseCounter}/manifest.json`;
    await this.repository.publishTarget({ path, content, custom: { releaseCounter, version, ...custom } });
    return {
      target: { version, releaseCounter, target: path, manifestSha256: sha256(content) },
      files: { model: sha256(model), golden: sha256(golden) },
    };
  }

  /** A device with its state in `folder`; another one with the same folder is the same device after a restart. */
  async device(
    folder: string,
    options: {
      rate?: LeastRate;
      idleMs?: number;
      clock?: { now(): number };
      monotonicMs?: () => number;
    } = {},
  ) {
    await mkdir(folder, { recursive: true });
    const { rate, idleMs = 5_000, clock = { now: () => this.nowMs }, monotonicMs } = options;
    const client = createArtifactClient(this.identity, idleMs, ...(rate ? [rate] : []));
    const store = new ArtifactStore(folder);
    await store.open();
    const tuf = new TufClient({
      stateDir: folder,
      tufRoot: this.firstRoot,
      client,
      clock,
      ...(monotonicMs ? { monotonicMs } : {}),
    });
    const packages = new Packages({
      store,
      tuf: async () => tuf,
      client,
      choice: { arch: 'x64', deviceClasses: [] },
    });
    return {
      store,
      refresh: () => tuf.refresh(signal()),
      /** Trust, fetch, verify: as far as a package can get before it is tried. */
      install: async (target: ModelTarget) => {
        const trusted = await packages.trust(target, signal(), (found) => found);
        for (const file of await packages.missing(trusted)) await packages.fetch(trusted, file, signal());
        return packages.verify(trusted);
      },
      close: () => client.close(),
    };
  }
}

const manifestOf = (version: string, model: Buffer, golden: Buffer): ModelManifest => ({
  v: 1,
  name: 'parts',
  version,
  createdAt: 1_700_000_000_000,
  task: 'classification',
  classes: [
    { id: 'good', name: 'Good' },
    { id: 'bad', name: 'Bad' },
  ],
  input: { name: 'image', layout: 'HWC', type: 'uint8', colour: 'RGB', height: null, width: null },
  outputs: { probabilities: 'probabilities', embedding: 'embedding' },
  embedding: { space: 'test', dimensions: 4 },
  decision: { threshold: 0.9, alpha: 0.01, calibrationFrames: 10, method: 'test' },
  variants: [{ name: 'fp32', file: { sha256: sha256(model), length: model.byteLength } }],
  golden: { sha256: sha256(golden), length: golden.byteLength },
  provenance: {
    datasetVersion: null,
    datasetSha256: null,
    trainingRun: null,
    backbone: 'test',
    softwareVersion: '0.1.0',
  },
  licences: [],
});
