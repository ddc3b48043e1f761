import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { LinesideError } from '@lineside/shared';

const sha256Of = (certificate: X509Certificate): string =>
  certificate.fingerprint256.replaceAll(':', '').toLowerCase();

/**
 * Asks the device port for its certificate chain and returns the authority in it that has the fingerprint, as PEM.
 * Nothing is sent here: whether the server really holds a certificate of that authority is for the next connection,
 * which pins it.
 * @throws LinesideError `server_untrusted` when no certificate of the chain has it, `unavailable` when there is no answer.
 */
export async function fetchFleetAuthority(url: URL, fingerprint: string, timeoutMs: number): Promise<string> {
  const chain = await presentedChain(url, timeoutMs);
  const authority = chain.find((certificate) => certificate.ca && sha256Of(certificate) === fingerprint);
  if (!authority) {
    throw new LinesideError(
      'server_untrusted',
      `${url.host} does not present the authority of the claim token`,
    );
  }
  return authority.toString();
}

function presentedChain(url: URL, timeoutMs: number): Promise<X509Certificate[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(url.port || 443),
      ...(isIP(host) === 0 && { servername: host }),
      rejectUnauthorized: false,
    });
    const fail = (error: Error) => {
      socket.destroy();
      reject(new LinesideError('unavailable', `${url.host}: ${error.message}`, { cause: error }));
    };
    socket.setTimeout(timeoutMs, () => fail(new Error('no answer')));
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      const chain: X509Certificate[] = [];
      const seen = new Set<string>();
      let peer: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
      while (peer?.raw && !seen.has(peer.fingerprint256) && chain.length < 8) {
        seen.add(peer.fingerprint256);
        chain.push(new X509Certificate(peer.raw));
        peer = peer.issuerCertificate;
      }
      socket.destroy();
      resolve(chain);
    });
  });
}
