import { createHash, randomBytes } from 'node:crypto';

/** UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then random bits. */
export function frameId(atMs: number, random: Uint8Array = randomBytes(10)): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(Math.max(0, Math.floor(atMs)), 0, 6);
  bytes.set(random.subarray(0, 10), 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * The same id for the same frame of the same device, however often the device starts: a frame that is handed over
 * again after a crash is then stored once. The first 48 bits are not a time but part of the hash.
 */
export function repeatableFrameId(deviceId: string, identity: string): string {
  const hash = createHash('sha256').update(`${deviceId}\n${identity}`).digest();
  return frameId(hash.readUIntBE(10, 6), hash.subarray(0, 10));
}
