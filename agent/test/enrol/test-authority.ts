import 'reflect-metadata';
import { createHash, webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Pkcs10CertificateRequest,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const notBefore = new Date(Date.now() - 3_600_000);
const notAfter = new Date(Date.now() + 86_400_000);

export interface Leaf {
  keyPem: string;
  certificatePem: string;
}

/** A fleet's certificate authority as a fleet server would have it. */
export interface TestAuthority {
  caPem: string;
  /** SHA-256 of the certificate, DER, hex. */
  fingerprint: string;
  /** @param validFrom ms from now; @param validTo ms from now */
  server(validFrom?: number, validTo?: number): Promise<Leaf>;
  device(deviceId: string): Promise<Leaf>;
  sign(csrPem: string, deviceId: string): Promise<string>;
}

const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const text = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${text.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

let serial = 1;
const nextSerial = (): string => (serial++).toString(16).padStart(4, '0');

export async function createTestAuthority(name = 'Test fleet'): Promise<TestAuthority> {
  const keys = await newKeys();
  const ca = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: nextSerial(),
      name: `CN=${name}`,
      notBefore,
      notAfter,
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  );
  const issue = async (
    commonName: string,
    publicKey: webcrypto.CryptoKey,
    forServer: boolean,
    validity = { notBefore, notAfter },
  ) => {
    const certificate = await X509CertificateGenerator.create(
      {
        serialNumber: nextSerial(),
        subject: `CN=${commonName}`,
        issuer: ca.subject,
        ...validity,
        publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          new BasicConstraintsExtension(false, undefined, true),
          new ExtendedKeyUsageExtension([
            forServer ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth,
          ]),
          ...(forServer
            ? [
                new SubjectAlternativeNameExtension([
                  { type: 'ip', value: '127.0.0.1' },
                  { type: 'dns', value: 'localhost' },
                ]),
              ]
            : []),
        ],
      },
      webcrypto,
    );
    return `${certificate.toString('pem')}\n`;
  };
  const leaf = async (
    commonName: string,
    forServer: boolean,
    validity = { notBefore, notAfter },
  ): Promise<Leaf> => {
    const leafKeys = await newKeys();
    return {
      keyPem: await pemOf(leafKeys.privateKey),
      certificatePem: await issue(commonName, leafKeys.publicKey, forServer, validity),
    };
  };
  return {
    caPem: `${ca.toString('pem')}\n`,
    fingerprint: createHash('sha256')
      .update(new Uint8Array(new X509Certificate(ca.rawData).rawData))
      .digest('hex'),
    server: (validFrom = -3_600_000, validTo = 86_400_000) =>
      leaf('fleet-server', true, {
        notBefore: new Date(Date.now() + validFrom),
        notAfter: new Date(Date.now() + validTo),
      }),
    device: (deviceId) => leaf(deviceId, false),
    async sign(csrPem, deviceId) {
      const request = new Pkcs10CertificateRequest(csrPem);
      if (!(await request.verify(webcrypto))) throw new Error('bad request signature');
      return issue(deviceId, await request.publicKey.export(webcrypto), false);
    },
  };
}
