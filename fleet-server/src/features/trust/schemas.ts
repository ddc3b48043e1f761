import Type from 'typebox';
import { Timestamp } from '../../http/page.js';
import { defineRoute } from '../../http/route.js';
import { roleNames } from '../../trust/tuf-root.js';

export const KeyStatus = Type.Object({
  roles: Type.Array(
    Type.Object({
      role: Type.Enum(roleNames),
      version: Type.Integer({ description: 'Of what the role signed last' }),
      expires: Timestamp,
      threshold: Type.Integer({ description: 'So many of the keys have to sign' }),
      keys: Type.Array(
        Type.Object({ id: Type.String(), here: Type.Boolean({ description: 'It lies on the server' }) }),
      ),
    }),
  ),
  warnings: Type.Array(
    Type.Object({
      code: Type.Enum(['root_keys_online', 'signing_key_missing', 'expires_soon']),
      message: Type.String(),
    }),
  ),
});

export const getSigningKeys = defineRoute({
  method: 'GET',
  url: '/trust/keys',
  tag: 'trust',
  summary: 'Which keys sign what devices run, and which of them lie on the server',
  access: 'admin',
  response: KeyStatus,
});
