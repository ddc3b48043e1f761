import Type, { type Static } from 'typebox';
import { Port, section } from './field.js';

/** The agent's local HTTP server: page, health, metrics and decisions. */
export const HttpConfig = section({
  enabled: Type.Boolean({ default: true }),
  host: Type.String({ default: '127.0.0.1' }),
  port: Port,
  pin: Type.Optional(
    Type.String({ minLength: 6, maxLength: 64, description: 'Absent: the local page only shows' }),
  ),
});
export type HttpConfig = Static<typeof HttpConfig>;
