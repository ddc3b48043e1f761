import { request } from 'node:https';
import {
  decodeMessage,
  EnrolRequest,
  EnrolResponse,
  type ErrorCode,
  encodeMessage,
  errorCodes,
  LinesideError,
  RenewRequest,
  RenewResponse,
} from '@lineside/shared';
import type { Identity } from './identity.js';

const isOutOfTime = (error: NodeJS.ErrnoException): boolean =>
  error.code === 'CERT_NOT_YET_VALID' || error.code === 'CERT_HAS_EXPIRED';

const maximumAnswerBytes = 256 * 1024;

/**
 * Spends the claim token. The server answers the same request again for as long as the token lives, so a lost
 * answer costs nothing.
 * @throws LinesideError with the server's code, `clock_wrong` when the server's certificate is not yet valid or has
 * expired by the system's clock, or `unavailable` when there is no usable answer.
 */
export async function requestCertificate(
  url: URL,
  body: EnrolRequest,
  authorityPem: string,
  timeoutMs: number,
): Promise<EnrolResponse> {
  const { status, data } = await post(
    url,
    encodeMessage(EnrolRequest, body),
    authorityPem,
    AbortSignal.timeout(timeoutMs),
  );
  if (status === 200 || status === 201) return decodeMessage(EnrolResponse, data);
  throw refusal(status, data);
}

function refusal(status: number, data: Uint8Array): LinesideError {
  let code: ErrorCode = status >= 500 || status === 429 ? 'unavailable' : 'request_invalid';
  try {
    const answer = JSON.parse(Buffer.from(data).toString('utf8')) as { error?: { code?: unknown } };
    code = errorCodes.find((known) => known === answer.error?.code) ?? code;
  } catch {
    // Not the fleet server's own answer; the status has to do.
  }
  return new LinesideError(code, `enrolment refused with status ${status}: ${code}`);
}

/**
 * Asks for a certificate for a new key pair, with the certificate in force.
 * @throws as `requestCertificate`
 */
export async function requestRenewal(
  { artifactsUrl, keyPem, certificatePem, caPem }: Identity,
  csrPem: string,
  signal: AbortSignal,
): Promise<RenewResponse> {
  const url = new URL(`${artifactsUrl.replace(/\/$/, '')}/renew`);
  const body = encodeMessage(RenewRequest, { v: 1, csrPem });
  const { status, data } = await post(url, body, caPem, signal, { key: keyPem, cert: certificatePem });
  if (status === 200 || status === 201) return decodeMessage(RenewResponse, data);
  throw refusal(status, data);
}

function post(
  url: URL,
  body: Uint8Array,
  authorityPem: string,
  signal: AbortSignal,
  credentials: { key?: string; cert?: string } = {},
): Promise<{ status: number; data: Uint8Array }> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      // The token pins the authority, and nothing but the clock says that its certificate is out of its time.
      const code = isOutOfTime(error) ? 'clock_wrong' : 'unavailable';
      reject(new LinesideError(code, `${url.host}: ${error.message}`, { cause: error }));
    };
    const call = request(
      url,
      {
        method: 'POST',
        ca: authorityPem,
        ...credentials,
        rejectUnauthorized: true,
        agent: false,
        signal,
        headers: { 'content-type': 'application/json', 'content-length': body.byteLength },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let length = 0;
        answer.on('data', (chunk: Buffer) => {
          length += chunk.byteLength;
          if (length > maximumAnswerBytes) answer.destroy(new Error('the answer is too long'));
          else chunks.push(chunk);
        });
        answer.on('error', fail);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, data: Buffer.concat(chunks) }));
      },
    );
    call.on('error', fail);
    call.end(body);
  });
}
