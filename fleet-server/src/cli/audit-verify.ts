import { LinesideError } from '@lineside/shared';
import type { ApiClient } from '../client/api-client.js';

export interface AuditVerifyCommand {
  /** Hash that an earlier run printed. */
  readonly kept: string | undefined;
  readonly json: boolean;
  readonly print: (text: string) => void;
}

/**
 * Lets the server compute the chain of the audit log anew and prints what it found.
 * @throws ApiError; LinesideError `audit_broken` when the log is not as it was written
 */
export async function auditVerifyCommand(api: ApiClient, command: AuditVerifyCommand): Promise<void> {
  const found = await api.verifyAudit(command.kept);
  const { intact, entries, unchained, head, broken, keptFound } = found;
  if (command.json) command.print(`${JSON.stringify(found, null, 2)}\n`);
  if (broken)
    throw new LinesideError(
      'audit_broken',
      `entry ${broken.id} of ${broken.at} was changed, or one before it is gone`,
    );
  if (keptFound === false)
    throw new LinesideError(
      'audit_broken',
      'the kept hash is of no entry: the end of the log was cut off or replaced',
    );
  if (!intact) throw new LinesideError('audit_broken');
  if (command.json) return;
  const earlier = unchained > 0 ? `, and ${unchained} from before there was a chain` : '';
  command.print(`${entries} entries, each as it was written${earlier}.\nKeep this hash elsewhere: ${head}\n`);
}
