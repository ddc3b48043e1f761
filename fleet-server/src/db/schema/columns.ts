import { customType, timestamp } from 'drizzle-orm/pg-core';

/** `bytea`. PGlite and pg both take and give byte arrays. */
export const bytes = customType<{ data: Uint8Array; driverData: Uint8Array }>({ dataType: () => 'bytea' });
export const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
export const now = (name: string) => at(name).notNull().defaultNow();
