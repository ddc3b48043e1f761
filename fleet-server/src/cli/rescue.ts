import { join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import { openDatabase } from '../db/open.js';
import { createAudit } from '../features/audit/audit-log.js';
import { hashPassword } from '../features/auth/password.js';
import { deleteSessionsOf, findUserByEmail, setPasswordHash } from '../features/auth/repository.js';
import { newToken } from '../features/auth/tokens.js';
import { remove } from '../features/second-factor/repository.js';
import { lockFolder } from '../files/folder-lock.js';

/**
 * The way back in for who can reach the machine: a new password in place of password and second factor.
 * @throws LinesideError `storage_locked` while the server runs; `not_found`
 */
export async function rescue(at: {
  dataDir: string;
  databaseUrl: string | undefined;
  email: string;
}): Promise<{ email: string; password: string }> {
  const lock = await lockFolder(join(at.dataDir, 'server.lock'));
  try {
    const database = await openDatabase({
      dataDir: at.dataDir,
      ...(at.databaseUrl ? { url: at.databaseUrl } : {}),
    });
    try {
      const user = await findUserByEmail(database.db, at.email);
      if (!user) throw new LinesideError('not_found', `Nobody has the e-mail ${at.email}.`);
      const password = newToken().slice(0, 24);
      const passwordHash = await hashPassword(password);
      await database.db.transaction(async (tx) => {
        await remove(tx, user.id);
        await setPasswordHash(tx, user.id, passwordHash);
        await deleteSessionsOf(tx, user.id);
      });
      await createAudit(database).record({ actor: 'command line', action: 'user.rescue', subject: user.id });
      return { email: user.email, password };
    } finally {
      await database.close();
    }
  } finally {
    await lock.release();
  }
}
