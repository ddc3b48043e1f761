import { generateKeyAndRequest } from '@lineside/agent/enrol/key-pair';
import { openDatabase } from '@lineside/fleet-server/db/open';
import { devices } from '@lineside/fleet-server/db/schema';
import type { FleetCa } from '@lineside/fleet-server/trust/fleet-ca';

/** What a device keeps of its enrolment, without the addresses. */
export interface IssuedIdentity {
  deviceId: string;
  keyPem: string;
  certificatePem: string;
}

interface Issued extends IssuedIdentity {
  certificateSha256: string;
  certificateExpiresAt: Date;
}

const atOnce = 16;
const perInsert = 1000;

async function issue(ca: FleetCa, deviceId: string): Promise<Issued> {
  const { keyPem, csrPem } = await generateKeyAndRequest();
  const { pem, sha256, expiresAt } = await ca.issueDevice(deviceId, csrPem);
  return {
    ...{ deviceId, keyPem, certificatePem: pem },
    ...{ certificateSha256: sha256, certificateExpiresAt: expiresAt },
  };
}

/**
 * Devices with a key pair and a certificate each, written to the database of a server that does not run yet, as their
 * enrolment one by one would leave them.
 */
export async function enrolInBulk(
  ca: FleetCa,
  store: { dataDir: string; databaseUrl: string | null },
  count: number,
): Promise<IssuedIdentity[]> {
  const ids = Array.from({ length: count }, (_, at) => `simulated-${String(at).padStart(6, '0')}`);
  const issued: Issued[] = [];
  for (let from = 0; from < count; from += atOnce) {
    issued.push(...(await Promise.all(ids.slice(from, from + atOnce).map((id) => issue(ca, id)))));
  }
  const { dataDir, databaseUrl } = store;
  const database = await openDatabase({ dataDir, ...(databaseUrl === null ? {} : { url: databaseUrl }) });
  try {
    for (let from = 0; from < count; from += perInsert) {
      await database.db.insert(devices).values(
        issued.slice(from, from + perInsert).map(({ deviceId, keyPem: _, ...certificate }) => ({
          ...{ id: deviceId, name: deviceId },
          ...certificate,
        })),
      );
    }
  } finally {
    await database.close();
  }
  return issued.map(({ deviceId, keyPem, certificatePem }) => ({ deviceId, keyPem, certificatePem }));
}
