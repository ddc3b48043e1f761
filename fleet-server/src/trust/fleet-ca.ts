import 'reflect-metadata';
import { X509Certificate as NodeCertificate, randomBytes, webcrypto } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { writeDurable } from '../files/durable.js';
import {
  ecdsaP256,
  type KeyPair,
  newKeyPair,
  privateKeyPem,
  readIfThere,
  readKeyPair,
  sha256Hex,
} from './keys.js';

const dayMs = 86_400_000;
const caDays = 20 * 365;
export const usualDeviceDays = 365;
const serverDays = 397;
const serverRenewalDays = 60;
/** Devices without a battery-backed clock lag: certificates are valid from a day ago. */
const backdateMs = dayMs;

export interface ServerCredentials {
  keyPem: string;
  /** The server's certificate, then the CA's. */
  chainPem: string;
}

export interface DeviceCertificate {
  pem: string;
  sha256: string;
  expiresAt: Date;
}

const serial = () => {
  const bytes = randomBytes(16);
  // Positive and of full length, as DER integers go.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
};

/** The fleet's own certificate authority: it vouches for the server to devices and for devices to the server. */
export class FleetCa {
  /** SHA-256 of the certificate, DER, hex: what a claim token carries. */
  readonly fingerprint: string;
  readonly certificatePem: string;

  private constructor(
    private readonly folder: string,
    private readonly keys: KeyPair,
    private readonly certificate: X509Certificate,
    private readonly now: () => number,
    private readonly deviceDays: number,
  ) {
    this.fingerprint = sha256Hex(new Uint8Array(certificate.rawData));
    this.certificatePem = `${certificate.toString('pem')}\n`;
  }

  /** Reads the authority in the folder, or makes one there. */
  static async open(
    folder: string,
    now: () => number = Date.now,
    deviceDays = usualDeviceDays,
  ): Promise<FleetCa> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const keyPath = join(folder, 'ca.key');
    const certificatePath = join(folder, 'ca.pem');
    const keyPem = await readIfThere(keyPath);
    const keys = keyPem ? await readKeyPair(keyPem) : await newKeyPair();
    if (!keyPem) await writeDurable(keyPath, privateKeyPem(keys), { mode: 0o600 });
    const pem = await readIfThere(certificatePath);
    if (pem) return new FleetCa(folder, keys, new X509Certificate(pem), now, deviceDays);
    const certificate = await X509CertificateGenerator.createSelfSigned(
      {
        serialNumber: serial(),
        name: `CN=Lineside fleet ${randomBytes(4).toString('hex')}`,
        notBefore: new Date(now() - backdateMs),
        notAfter: new Date(now() + caDays * dayMs),
        signingAlgorithm: ecdsaP256,
        keys,
        extensions: [
          new BasicConstraintsExtension(true, 0, true),
          new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
          await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    );
    await writeDurable(certificatePath, `${certificate.toString('pem')}\n`);
    return new FleetCa(folder, keys, certificate, now, deviceDays);
  }

  /**
   * Certificate of the device port and the broker for these host names; kept in the folder and made anew when it is
   * near its end or the names have changed.
   */
  async serverCredentials(hosts: readonly string[]): Promise<ServerCredentials> {
    const names = [...new Set(['localhost', '127.0.0.1', ...hosts])].sort();
    const keyPath = join(this.folder, 'server.key');
    const certificatePath = join(this.folder, 'server.pem');
    const keyPem = await readIfThere(keyPath);
    const pem = await readIfThere(certificatePath);
    if (keyPem && pem && this.stillGood(pem, keyPem, names))
      return { keyPem, chainPem: pem + this.certificatePem };
    const keys = keyPem ? await readKeyPair(keyPem) : await newKeyPair();
    const newKeyPem = privateKeyPem(keys);
    if (!keyPem) await writeDurable(keyPath, newKeyPem, { mode: 0o600 });
    const certificate = await this.sign('Lineside fleet server', keys.publicKey, serverDays, [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name })),
      ),
    ]);
    const newPem = `${certificate.toString('pem')}\n`;
    await writeDurable(certificatePath, newPem);
    return { keyPem: newKeyPem, chainPem: newPem + this.certificatePem };
  }

  /**
   * Signs a device's request. Only the public key is taken from it: the name is the server's choice.
   * @throws LinesideError `csr_invalid`
   */
  async issueDevice(deviceId: string, csrPem: string): Promise<DeviceCertificate> {
    const publicKey = await verifiedKey(csrPem);
    const certificate = await this.sign(deviceId, publicKey, this.deviceDays, [
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]),
    ]);
    return {
      pem: `${certificate.toString('pem')}\n`,
      sha256: sha256Hex(new Uint8Array(certificate.rawData)),
      expiresAt: certificate.notAfter,
    };
  }

  private async sign(
    name: string,
    publicKey: webcrypto.CryptoKey,
    days: number,
    extensions: (ExtendedKeyUsageExtension | SubjectAlternativeNameExtension)[],
  ): Promise<X509Certificate> {
    return X509CertificateGenerator.create(
      {
        serialNumber: serial(),
        subject: [{ CN: [name] }],
        issuer: this.certificate.subjectName,
        notBefore: new Date(this.now() - backdateMs),
        notAfter: new Date(this.now() + days * dayMs),
        signingAlgorithm: ecdsaP256,
        publicKey,
        signingKey: this.keys.privateKey,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
          await AuthorityKeyIdentifierExtension.create(this.certificate, false, webcrypto),
          await SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
          ...extensions,
        ],
      },
      webcrypto,
    );
  }

  private stillGood(pem: string, keyPem: string, names: readonly string[]): boolean {
    try {
      const certificate = new NodeCertificate(pem);
      const here = (certificate.subjectAltName ?? '')
        .split(', ')
        .map((name) => name.replace(/^(DNS|IP Address):/, ''))
        .sort();
      return (
        certificate.verify(new NodeCertificate(this.certificatePem).publicKey) &&
        keyPem.includes('PRIVATE KEY') &&
        Date.parse(certificate.validTo) - this.now() > serverRenewalDays * dayMs &&
        here.join() === names.join()
      );
    } catch {
      return false;
    }
  }
}

async function verifiedKey(csrPem: string): Promise<webcrypto.CryptoKey> {
  try {
    const request = new Pkcs10CertificateRequest(csrPem);
    const algorithm = request.publicKey.algorithm as { name?: string; namedCurve?: string };
    if (algorithm.name !== 'ECDSA' || algorithm.namedCurve !== 'P-256') {
      throw new LinesideError('csr_invalid', 'the key must be ECDSA P-256');
    }
    if (!(await request.verify(webcrypto))) {
      throw new LinesideError('csr_invalid', 'the request is not signed by its own key');
    }
    return (await request.publicKey.export(ecdsaP256, ['verify'], webcrypto)) as webcrypto.CryptoKey;
  } catch (error) {
    if (error instanceof LinesideError) throw error;
    throw new LinesideError('csr_invalid', 'the request cannot be read', { cause: error });
  }
}
