import { deviceIdPattern } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** Who this device is, and where its fleet is. `keyPem` is secret: it is never logged and never leaves the device. */
export const Identity = Type.Object({
  deviceId: Type.String({ pattern: deviceIdPattern }),
  keyPem: Type.String({ pattern: '^-----BEGIN PRIVATE KEY-----', description: 'PKCS #8, EC P-256' }),
  certificatePem: Type.String({ pattern: '^-----BEGIN CERTIFICATE-----' }),
  caPem: Type.String({ pattern: '^-----BEGIN CERTIFICATE-----', description: 'The one pinned authority' }),
  mqttUrl: Type.String({ pattern: '^mqtts://' }),
  artifactsUrl: Type.String({ pattern: '^https://' }),
  tufRoot: Type.String({ minLength: 2, description: 'The first trusted root metadata, JSON text' }),
});
export type Identity = Static<typeof Identity>;

export const identityValidator = Compile(Identity);
