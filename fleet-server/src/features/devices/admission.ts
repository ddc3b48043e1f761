import { and, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Db } from '../../db/database.js';
import { GatheredRead } from '../../db/gathered-read.js';
import { devices } from '../../db/schema.js';

interface Known {
  current: string;
  next: string | null;
}

/** Which certificate opens the door for which device. A fleet that comes back at one moment costs a few queries. */
export class Admission {
  private readonly known: GatheredRead<Known>;

  constructor(private readonly db: Db) {
    this.known = new GatheredRead((ids) => this.read(ids));
  }

  /**
   * Whether this very certificate (SHA-256 of its DER, hex) belongs to a device of the fleet that is neither revoked nor in
   * quarantine. The first use of a certificate that was issued in place of another ends the other.
   */
  async admits(deviceId: string, certificateSha256: string): Promise<boolean> {
    const found = await this.known.read(deviceId);
    if (found?.current === certificateSha256) return true;
    if (found?.next !== certificateSha256) return false;
    await this.db
      .update(devices)
      .set({
        certificatePem: sql`${devices.nextCertificatePem}`,
        certificateSha256: sql`${devices.nextCertificateSha256}`,
        certificateExpiresAt: sql`${devices.nextCertificateExpiresAt}`,
        nextCertificatePem: null,
        nextCertificateSha256: null,
        nextCertificateExpiresAt: null,
        nextCsrSha256: null,
      })
      .where(and(eq(devices.id, deviceId), eq(devices.nextCertificateSha256, certificateSha256)));
    return true;
  }

  private async read(ids: string[]): Promise<Map<string, Known>> {
    const rows = await this.db
      .select({ id: devices.id, current: devices.certificateSha256, next: devices.nextCertificateSha256 })
      .from(devices)
      .where(and(inArray(devices.id, ids), isNull(devices.revokedAt), isNull(devices.quarantinedAt)));
    return new Map(rows.map(({ id, ...known }) => [id, known]));
  }
}
