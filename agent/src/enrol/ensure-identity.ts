import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type EnrolRequest,
  type EnrolResponse,
  isErrorCode,
  LinesideError,
  toLinesideError,
} from '@lineside/shared';
import { makeFolderDurably, writeFileDurably } from '../durable-file.js';
import { type Log, silentLog } from '../log.js';
import { type BackoffLimits, backoffMs } from '../uplink/backoff.js';
import { type ClaimToken, parseClaimToken } from './claim-token.js';
import { fetchFleetAuthority } from './fleet-authority.js';
import { type Identity, identityValidator } from './identity.js';
import type { KeyAndRequest } from './key-pair.js';
import { requestCertificate } from './request-certificate.js';

export interface EnrolOptions {
  stateDir: string;
  /** `https://host:port` of the fleet server's device port; needed until the device is enrolled. */
  enrolUrl?: string | undefined;
  claimToken?: string | undefined;
  hardware: EnrolRequest['hardware'];
  log?: Log;
  /** Waits between attempts while the server cannot be reached. */
  backoff?: BackoffLimits;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/**
 * The identity of this device: read from disk, or won by spending the claim token.
 *
 * 1. key pair and request are made and durable (`identity/request.json`) before the token leaves the device;
 * 2. the same request is sent until the server answers; a power cut anywhere repeats it;
 * 3. the answer is checked, then durable (`identity/identity.json`), then the request is deleted.
 *
 * @throws LinesideError `claim_token_invalid`, `server_untrusted`, `csr_invalid` or whatever code the server refuses
 * with; `storage_failed` when the stored identity is unreadable. An unreachable server is waited for.
 */
export async function ensureIdentity(options: EnrolOptions): Promise<Identity> {
  const folder = join(options.stateDir, 'identity');
  const stored = await readIdentity(join(folder, 'identity.json'));
  if (stored) return stored;
  if (!options.claimToken || !options.enrolUrl) {
    throw new LinesideError(
      'claim_token_invalid',
      'This device is not enrolled: give it a server and a claim token.',
    );
  }
  const token = parseClaimToken(options.claimToken);
  await makeFolderDurably(folder);
  const request = await keepRequest(join(folder, 'request.json'));
  const identity = await enrolPatiently(options, options.enrolUrl, token, request);
  await writeFileDurably(join(folder, 'identity.json'), `${JSON.stringify(identity, null, 2)}\n`, 0o600);
  await unlink(join(folder, 'request.json')).catch(() => undefined);
  return identity;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new LinesideError('storage_failed', `${path}: ${(error as Error).message}`, { cause: error });
  }
}

async function readIdentity(path: string): Promise<Identity | null> {
  const value = await readJson(path);
  if (value === null) return null;
  // Never enrol again over a damaged file: the token is spent, and a person should know.
  if (!identityValidator.Check(value)) {
    throw new LinesideError('storage_failed', `${path}: not an identity; enrol this device again`);
  }
  return value;
}

export async function keepRequest(path: string): Promise<KeyAndRequest> {
  const kept = await readJson(path).catch(() => null);
  if (typeof kept === 'object' && kept !== null && 'keyPem' in kept && 'csrPem' in kept) {
    const { keyPem, csrPem } = kept;
    if (typeof keyPem === 'string' && typeof csrPem === 'string') return { keyPem, csrPem };
  }
  // Needed once in a device's life, and slow to load.
  const { generateKeyAndRequest } = await import('./key-pair.js');
  const made = await generateKeyAndRequest();
  await writeFileDurably(path, JSON.stringify(made), 0o600);
  return made;
}

async function enrolPatiently(
  options: EnrolOptions,
  enrolUrl: string,
  token: ClaimToken,
  request: KeyAndRequest,
): Promise<Identity> {
  const log = options.log ?? silentLog;
  for (let attempt = 0; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      return await enrolOnce(options, enrolUrl, token, request);
    } catch (error) {
      if (
        !isErrorCode(error, 'unavailable', 'clock_wrong', 'rate_limited', 'internal', 'database_unavailable')
      )
        throw error;
      const waitMs = backoffMs(attempt, options.backoff ?? { minMs: 1000, maxMs: 60_000 });
      const fields = { code: error.code, error: error.message, waitMs };
      if (attempt === 0) log.warn(fields, 'the fleet server cannot enrol this device yet');
      else log.debug(fields, 'enrolment not yet possible');
      await delay(waitMs, undefined, options.signal ? { signal: options.signal } : {});
    }
  }
}

async function enrolOnce(
  options: EnrolOptions,
  enrolUrl: string,
  token: ClaimToken,
  { keyPem, csrPem }: KeyAndRequest,
): Promise<Identity> {
  const url = enrolAddress(enrolUrl);
  const timeoutMs = options.timeoutMs ?? 15_000;
  const caPem = await fetchFleetAuthority(url, token.caFingerprint, timeoutMs);
  const body: EnrolRequest = { v: 1, claimToken: token.text, csrPem, hardware: options.hardware };
  const answer = await requestCertificate(url, body, caPem, timeoutMs);
  return checkedIdentity(answer, keyPem, caPem);
}

function enrolAddress(enrolUrl: string): URL {
  if (!URL.canParse(enrolUrl) || new URL(enrolUrl).protocol !== 'https:') {
    throw new LinesideError('config_invalid', 'The server address must be https://…');
  }
  const url = new URL(enrolUrl);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/enrol`;
  return url;
}

/** Whatever the server says, the device keeps only what fits its own key and the authority it pinned. */
export function checkedIdentity(answer: Omit<EnrolResponse, 'v'>, keyPem: string, caPem: string): Identity {
  const { deviceId, certificatePem, mqttUrl, artifactsUrl, tufRoot } = answer;
  try {
    const authority = new X509Certificate(caPem);
    const certificate = new X509Certificate(certificatePem);
    if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) throw new Error('it is not for this key');
    if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
      throw new Error('it is not signed by the fleet authority');
    }
    if (!certificate.subject.split('\n').includes(`CN=${deviceId}`))
      throw new Error('it names another device');
    const identity = { deviceId, keyPem, certificatePem, caPem, mqttUrl, artifactsUrl, tufRoot };
    if (!identityValidator.Check(identity)) throw new Error('the answer is not usable');
    return identity;
  } catch (error) {
    const { message } = toLinesideError(error);
    throw new LinesideError('server_untrusted', `The certificate from the server is refused: ${message}`, {
      cause: error,
    });
  }
}
