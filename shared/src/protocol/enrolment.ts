import Type, { type Static } from 'typebox';
import { defineMessage } from './message.js';

/** `POST /enrol` on the device port: the claim token is spent, the key pair stays on the device. */
export const EnrolRequest = defineMessage({
  name: 'enrol-request',
  version: 1,
  encoding: 'json',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      claimToken: Type.String({ minLength: 16, maxLength: 200 }),
      csrPem: Type.String({
        maxLength: 8192,
        description: 'PKCS #10, PEM; the subject is chosen by the server',
      }),
      hardware: Type.Object(
        { arch: Type.String({ maxLength: 32 }), model: Type.String({ maxLength: 128 }) },
        { additionalProperties: false },
      ),
    },
    { additionalProperties: false },
  ),
});
export type EnrolRequest = Static<typeof EnrolRequest.schema>;

/** `POST /renew` on the device port, with the certificate in force: a certificate for a new key pair of the same device. */
export const RenewRequest = defineMessage({
  name: 'renew-request',
  version: 1,
  encoding: 'json',
  schema: Type.Object(
    { v: Type.Literal(1), csrPem: Type.String({ maxLength: 8192, description: 'PKCS #10, PEM' }) },
    { additionalProperties: false },
  ),
});
export type RenewRequest = Static<typeof RenewRequest.schema>;

/** From its first use on, the new certificate is the only one of the device. */
export const RenewResponse = defineMessage({
  name: 'renew-response',
  version: 1,
  encoding: 'json',
  schema: Type.Object(
    { v: Type.Literal(1), certificatePem: Type.String({ maxLength: 16384 }) },
    { additionalProperties: false },
  ),
});
export type RenewResponse = Static<typeof RenewResponse.schema>;

export const EnrolResponse = defineMessage({
  name: 'enrol-response',
  version: 1,
  encoding: 'json',
  schema: Type.Object(
    {
      v: Type.Literal(1),
      deviceId: Type.String({ maxLength: 64 }),
      certificatePem: Type.String({ maxLength: 16384 }),
      caPem: Type.String({
        maxLength: 16384,
        description: 'Signs the certificates of devices and of the fleet server',
      }),
      mqttUrl: Type.String({ maxLength: 300, description: 'mqtts://host:port' }),
      artifactsUrl: Type.String({ maxLength: 300, description: 'https://host:port of the device port' }),
      tufRoot: Type.String({ maxLength: 65536, description: 'The first trusted root metadata, JSON text' }),
    },
    { additionalProperties: false },
  ),
});
export type EnrolResponse = Static<typeof EnrolResponse.schema>;
