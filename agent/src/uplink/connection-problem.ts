import { LinesideError } from '@lineside/shared';
import type { DeviceClock } from '../clock.js';

const outOfTime: Record<string, string> = {
  CERT_NOT_YET_VALID: 'is not yet valid',
  CERT_HAS_EXPIRED: 'has expired',
};

const untrusted = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/**
 * Why there is no connection: `clock_wrong` when the server's certificate is out of its time by the system's clock,
 * which nothing says is right; `server_untrusted` when it is not the fleet's; else `unavailable`.
 */
export function connectionProblem(
  cause: Error | null,
  clock: Pick<DeviceClock, 'offsetMs' | 'wrong'>,
  systemMs: number = Date.now(),
): LinesideError {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? '';
  const options = cause ? { cause } : undefined;
  const what = outOfTime[code];
  if (what !== undefined) {
    const at = new Date(systemMs).toISOString();
    const detail = `by this device's clock (${at}) the fleet server's certificate ${what}`;
    const clockIsRight = clock.offsetMs !== null && !clock.wrong;
    return new LinesideError(clockIsRight ? 'server_untrusted' : 'clock_wrong', detail, options);
  }
  if (cause && untrusted.has(code)) return new LinesideError('server_untrusted', cause.message, options);
  return new LinesideError('unavailable', cause?.message ?? 'closed by the server', options);
}
