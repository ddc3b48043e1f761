import { createHash, randomBytes } from 'node:crypto';
import {
  type EnrolRequest,
  type EnrolResponse,
  LinesideError,
  type RenewRequest,
  type RenewResponse,
} from '@lineside/shared';
import { and, eq, isNull } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { claimTokens, devices } from '../../db/schema.js';
import type { Artifacts, Audit, LiveBus } from '../../services.js';
import type { FleetCa } from '../../trust/fleet-ca.js';
import type { PlannedDevice } from './schemas.js';

const minuteMs = 60_000;
const hash = (text: string) => createHash('sha256').update(text).digest('hex');

/** Letters and digits of the name, and a random end that makes it unique. */
export function newDeviceId(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40);
  return `${slug || 'device'}-${randomBytes(4).toString('hex')}`;
}

export interface EnrolmentOptions {
  db: Db;
  ca: FleetCa;
  artifacts: Artifacts;
  audit: Audit;
  live: LiveBus;
  now: () => number;
  /** What devices are told to connect to. */
  addresses(): { mqttUrl: string; artifactsUrl: string };
}

/** Claim tokens and what they are spent on: a certificate for one device. */
export class Enrolment {
  constructor(private readonly options: EnrolmentOptions) {}

  /** @returns the token, which is not kept and cannot be read again */
  async createToken(
    name: string,
    validMinutes: number,
    createdBy: string,
  ): Promise<{ token: string; expiresAt: Date }> {
    const { items, expiresAt } = await this.createTokens([{ name }], validMinutes, createdBy);
    return { token: items[0]?.token ?? '', expiresAt };
  }

  /** One token a device: all of them, or none. @throws LinesideError `request_invalid` when a name comes twice */
  async createTokens(
    planned: readonly PlannedDevice[],
    validMinutes: number,
    createdBy: string,
  ): Promise<{ items: { name: string; token: string }[]; expiresAt: Date }> {
    const { db, ca, now, audit } = this.options;
    const expiresAt = new Date(now() + validMinutes * minuteMs);
    const names = planned.map(({ name }) => name);
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw new LinesideError('request_invalid', `${twice} is in the list twice`);
    const made = planned.map((device) => ({ ...device, secret: randomBytes(24).toString('base64url') }));
    await db
      .insert(claimTokens)
      .values(
        made.map(({ secret, ...device }) => ({ ...device, secretHash: hash(secret), createdBy, expiresAt })),
      );
    const [first, ...others] = names;
    await audit.record({
      actor: createdBy,
      action: 'device.claim',
      subject: others.length === 0 ? (first ?? '') : `${names.length} devices`,
      ...(others.length === 0 ? {} : { detail: { names } }),
    });
    return {
      items: made.map(({ name, secret }) => ({ name, token: `${secret}.${ca.fingerprint}` })),
      expiresAt,
    };
  }

  /**
   * Spends a token. The same request with the same token gets the same certificate again, so that a lost answer does
   * not lock the device out.
   * @throws LinesideError `claim_token_invalid`, `csr_invalid`
   */
  async enrol(request: EnrolRequest): Promise<EnrolResponse> {
    const { db, now, audit, live } = this.options;
    const [secret = '', fingerprint] = request.claimToken.trim().split('.');
    if (fingerprint !== this.options.ca.fingerprint) throw new LinesideError('claim_token_invalid');
    const secretHash = hash(secret);
    const [token] = await db.select().from(claimTokens).where(eq(claimTokens.secretHash, secretHash));
    if (!token || token.expiresAt.getTime() < now()) throw new LinesideError('claim_token_invalid');
    const csrSha256 = hash(request.csrPem.trim());
    if (token.usedAt) return this.again(token, csrSha256);

    const deviceId = newDeviceId(token.name);
    const certificate = await this.options.ca.issueDevice(deviceId, request.csrPem);
    const won = await db.transaction(async (tx) => {
      const spent = await tx
        .update(claimTokens)
        .set({ usedAt: new Date(now()), csrSha256, deviceId })
        .where(and(eq(claimTokens.secretHash, secretHash), isNull(claimTokens.usedAt)))
        .returning({ name: claimTokens.name });
      if (spent.length === 0) return false;
      await tx.insert(devices).values({
        id: deviceId,
        name: token.name,
        site: token.site,
        tags: token.tags,
        certificatePem: certificate.pem,
        certificateSha256: certificate.sha256,
        certificateExpiresAt: certificate.expiresAt,
      });
      return true;
    });
    // Somebody was faster with the same token: answer as if they had come first.
    if (!won) return this.enrol(request);
    await audit.record({
      actor: deviceId,
      action: 'device.enrol',
      subject: deviceId,
      detail: { name: token.name, hardware: request.hardware },
    });
    live.publish({ type: 'device', deviceId });
    return this.answer(deviceId, certificate.pem);
  }

  /**
   * A certificate for a new key pair of a device that proved the present one. The same request gets the same answer
   * until the new certificate is used.
   * @throws LinesideError `csr_invalid`, `device_unknown`
   */
  async renew(deviceId: string, { csrPem }: RenewRequest): Promise<RenewResponse> {
    const { db, ca, audit } = this.options;
    const csrSha256 = hash(csrPem.trim());
    const [device] = await db.select().from(devices).where(eq(devices.id, deviceId));
    if (!device) throw new LinesideError('device_unknown', deviceId);
    if (device.nextCertificatePem && device.nextCsrSha256 === csrSha256)
      return { v: 1, certificatePem: device.nextCertificatePem };
    const next = await ca.issueDevice(deviceId, csrPem);
    await db
      .update(devices)
      .set({
        nextCertificatePem: next.pem,
        nextCertificateSha256: next.sha256,
        nextCertificateExpiresAt: next.expiresAt,
        nextCsrSha256: csrSha256,
      })
      .where(eq(devices.id, deviceId));
    const detail = { expiresAt: next.expiresAt.toISOString() };
    await audit.record({ actor: deviceId, action: 'device.renew', subject: deviceId, detail });
    return { v: 1, certificatePem: next.pem };
  }

  private async again(token: typeof claimTokens.$inferSelect, csrSha256: string): Promise<EnrolResponse> {
    if (token.csrSha256 !== csrSha256 || !token.deviceId) throw new LinesideError('claim_token_invalid');
    const [device] = await this.options.db
      .select()
      .from(devices)
      .where(and(eq(devices.id, token.deviceId), isNull(devices.revokedAt)));
    if (!device) throw new LinesideError('claim_token_invalid');
    return this.answer(device.id, device.certificatePem);
  }

  private async answer(deviceId: string, certificatePem: string): Promise<EnrolResponse> {
    const { ca, artifacts, addresses } = this.options;
    return {
      v: 1,
      deviceId,
      certificatePem,
      caPem: ca.certificatePem,
      ...addresses(),
      tufRoot: await artifacts.trustedRoot(),
    };
  }
}
