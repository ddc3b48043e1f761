import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { encodeMessage, ModelManifest, type ModelTarget } from '@lineside/shared';
import type { Identity } from '../../src/enrol/identity.js';
import { createTestAuthority, type TestAuthority } from '../enrol/test-authority.js';
import { TestRepository } from './test-repository.js';

export interface Asked {
  path: string;
  range: string | undefined;
}

/** A device port on loopback: mutual TLS, the signed repository, and artifacts with ranges. */
export interface TestPort {
  identity: Identity;
  repository: TestRepository;
  blobs: Map<string, Buffer>;
  asked: Asked[];
  artifactsAsked(): Asked[];
  /** How many bytes of an artifact to send before the connection is cut; null: all. */
  cutAfter: number | null;
  /** After so many bytes of an artifact nothing more comes, and the connection stays; null: never. */
  stallAfter: number | null;
  ignoreRanges: boolean;
  /** Answers every request with this status; null: as it should be. */
  status: number | null;
  /** Milliseconds between two pieces of an artifact. */
  pieceDelayMs: number;
  /** Puts a package in place and returns the desired model that names it. */
  publish(options: {
    version: string;
    releaseCounter: number;
    signedCounter?: number;
    bytes?: number;
    arch?: string[];
    /** Whether the package has reference embeddings. */
    reference?: boolean;
  }): ModelTarget;
  /** Puts a package that can really run in place. */
  publishPackage(made: {
    manifest: ModelManifest;
    modelPath: string;
    goldenPath: string;
    candidate?: { modelPath: string };
  }): Promise<ModelTarget>;
  manifest(version: string): ModelManifest;
  close(): Promise<void>;
}

const sha256 = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');

export function makeManifest(version: string, model: Buffer, golden: Buffer, arch?: string[]): ModelManifest {
  return {
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
    variants: [
      { name: 'fp32', file: { sha256: sha256(model), length: model.byteLength }, ...(arch && { arch }) },
    ],
    golden: { sha256: sha256(golden), length: golden.byteLength },
    provenance: {
      datasetVersion: null,
      datasetSha256: null,
      trainingRun: null,
      backbone: 'test',
      softwareVersion: '0.1.0',
    },
    licences: [],
  };
}

export async function startPort(given?: TestAuthority): Promise<TestPort> {
  const authority = given ?? (await createTestAuthority());
  const leaf = await authority.server();
  const { keyPem, certificatePem } = await authority.device('cam-1');
  const repository = new TestRepository();
  const manifests = new Map<string, { manifest: ModelManifest; data: Buffer }>();
  const server = createServer(
    {
      key: leaf.keyPem,
      cert: leaf.certificatePem + authority.caPem,
      ca: authority.caPem,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, reply) => void answer(request, reply).catch(() => reply.destroy()),
  );

  async function answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const { range } = request.headers;
    port.asked.push({ path, range });
    const artifact = /^\/artifacts\/([0-9a-f]{64})$/.exec(path)?.[1];
    const data = artifact ? port.blobs.get(artifact) : repository.files.get(path.replace(/^\/tuf\//, ''));
    if (port.status !== null) return void reply.writeHead(port.status).end();
    if (!data) return void reply.writeHead(404).end();
    const from = port.ignoreRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    reply.writeHead(from > 0 ? 206 : 200, {
      'content-length': data.byteLength - from,
      ...(from > 0 && { 'content-range': `bytes ${from}-${data.byteLength - 1}/${data.byteLength}` }),
    });
    if (!artifact) return void reply.end(data);
    const end = port.cutAfter === null ? data.byteLength : Math.min(data.byteLength, from + port.cutAfter);
    for (let at = from; at < end; at += 8192) {
      if (port.stallAfter !== null && at - from >= port.stallAfter) return;
      reply.write(data.subarray(at, Math.min(end, at + 8192)));
      if (port.pieceDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, port.pieceDelayMs));
    }
    if (end === data.byteLength) return void reply.end();
    await new Promise<void>((resolve) => reply.write('', () => resolve()));
    await new Promise((resolve) => setTimeout(resolve, 20));
    reply.destroy();
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const artifactsUrl = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const port: TestPort = {
    identity: {
      deviceId: 'cam-1',
      keyPem,
      certificatePem,
      caPem: authority.caPem,
      mqttUrl: 'mqtts://127.0.0.1:1',
      artifactsUrl,
      tufRoot: repository.rootText,
    },
    repository,
    blobs: new Map(),
    asked: [],
    artifactsAsked: () => port.asked.filter(({ path }) => path.startsWith('/artifacts/')),
    cutAfter: null,
    stallAfter: null,
    ignoreRanges: false,
    status: null,
    pieceDelayMs: 0,
    publish({ version, releaseCounter, signedCounter = releaseCounter, bytes = 50_000, arch, reference }) {
      const known = manifests.get(version);
      if (!known) {
        const model = randomBytes(bytes);
        const golden = randomBytes(1000);
        port.blobs.set(sha256(model), model);
        port.blobs.set(sha256(golden), golden);
        const manifest = makeManifest(version, model, golden, arch);
        if (reference) {
          const embeddings = randomBytes(700);
          port.blobs.set(sha256(embeddings), embeddings);
          manifest.reference = { sha256: sha256(embeddings), length: embeddings.length };
        }
        manifests.set(version, { manifest, data: Buffer.from(encodeMessage(ModelManifest, manifest)) });
      }
      const data = manifests.get(version)?.data ?? Buffer.alloc(0);
      const target = `models/parts/${version}/${releaseCounter}/manifest.json`;
      repository.addTarget(target, data, { releaseCounter: signedCounter });
      repository.publish();
      return { version, releaseCounter, target, manifestSha256: sha256(data) };
    },
    async publishPackage({ manifest, modelPath, goldenPath, candidate }) {
      for (const path of [modelPath, goldenPath, ...(candidate ? [candidate.modelPath] : [])]) {
        const bytes = await readFile(path);
        port.blobs.set(sha256(bytes), bytes);
      }
      const data = Buffer.from(encodeMessage(ModelManifest, manifest));
      manifests.set(manifest.version, { manifest, data });
      return port.publish({ version: manifest.version, releaseCounter: manifests.size + 1 });
    },
    manifest: (version) => {
      const known = manifests.get(version);
      if (!known) throw new Error(version);
      return known.manifest;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return port;
}
