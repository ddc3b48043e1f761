import { X509Certificate } from 'node:crypto';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { toLinesideError } from '@lineside/shared';
import type { Clock } from '../clock.js';
import { writeFileDurably } from '../durable-file.js';
import { type Log, silentLog } from '../log.js';
import { checkedIdentity, keepRequest } from './ensure-identity.js';
import type { Identity } from './identity.js';
import { requestRenewal } from './request-certificate.js';

/** When so much of its life is left a certificate is renewed: months, in which a server may be away. */
const leftShare = 1 / 3;
const usualCheckMs = 3_600_000;
const timeoutMs = 15_000;

export interface RenewalOptions {
  /** Changed in place: whoever connects next uses the new key. */
  identity: Identity;
  stateDir: string;
  clock: Clock;
  log?: Log;
  checkMs?: number;
}

export function isDue({ certificatePem }: Pick<Identity, 'certificatePem'>, nowMs: number): boolean {
  const { validFrom, validTo } = new X509Certificate(certificatePem);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return to - nowMs < (to - from) * leftShare;
}

/**
 * Gets a certificate for a new key pair, which is made here and durable before it is asked for. The old one stays good
 * until the new one is used, so a power cut anywhere costs nothing.
 * @throws LinesideError of the server, `unavailable`, `server_untrusted`
 */
export async function renew(identity: Identity, stateDir: string, signal?: AbortSignal): Promise<void> {
  const folder = join(stateDir, 'identity');
  const kept = join(folder, 'renewal.json');
  const { keyPem, csrPem } = await keepRequest(kept);
  const patience = AbortSignal.timeout(timeoutMs);
  const { certificatePem } = await requestRenewal(
    identity,
    csrPem,
    signal ? AbortSignal.any([signal, patience]) : patience,
  );
  const renewed = checkedIdentity({ ...identity, certificatePem }, keyPem, identity.caPem);
  await writeFileDurably(join(folder, 'identity.json'), `${JSON.stringify(renewed, null, 2)}\n`, 0o600);
  await unlink(kept).catch(() => undefined);
  Object.assign(identity, renewed);
}

/** Renews the certificate in time, for as long as the agent runs. */
export class CertificateKeeper {
  readonly #options: RenewalOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  readonly #stopping = new AbortController();

  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#look();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #look(): Promise<void> {
    const { identity, stateDir, clock, log = silentLog, checkMs = usualCheckMs } = this.#options;
    try {
      if (isDue(identity, clock.now())) {
        await renew(identity, stateDir, this.#stopping.signal);
        log.info({ until: new X509Certificate(identity.certificatePem).validTo }, 'certificate renewed');
      }
    } catch (error) {
      const { code, message } = toLinesideError(error);
      log.warn({ code, error: message }, 'the certificate could not be renewed yet');
    }
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#look();
    }, checkMs);
    this.#timer.unref();
  }
}
