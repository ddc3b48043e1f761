import { type ImageType, LinesideError } from '@lineside/shared';

export interface ImageHeader {
  type: ImageType;
  width: number;
  height: number;
}

const unreadable = (why: string) => new LinesideError('image_unreadable', why);

/**
 * Type and size from the file's own header, and whether the file is complete: a cheap check that tells a picture from
 * anything else and from half a picture, without decoding it.
 * @throws LinesideError `image_unreadable`
 */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.length >= 12) {
    if (data[0] === 0xff && data[1] === 0xd8) return readJpeg(data);
    if (data.readUInt32BE(0) === 0x89504e47 && data.readUInt32BE(4) === 0x0d0a1a0a) return readPng(data);
    if (data.toString('latin1', 0, 4) === 'RIFF' && data.toString('latin1', 8, 12) === 'WEBP') {
      return readWebp(data);
    }
  }
  throw unreadable('neither JPEG, PNG nor WebP');
}

const checked = (type: ImageType, width: number, height: number): ImageHeader => {
  if (width < 1 || height < 1 || width > 32768 || height > 32768) throw unreadable(`size ${width}×${height}`);
  return { type, width, height };
};

function readJpeg(data: Buffer): ImageHeader {
  // Some cameras pad behind the end marker.
  const end = data.lastIndexOf(Buffer.from([0xff, 0xd9]));
  if (end < 0 || end < data.length - 64) throw unreadable('JPEG without its end');
  for (let at = 2; at + 9 < data.length; ) {
    if (data[at] !== 0xff) throw unreadable('JPEG segment expected');
    const marker = data[at + 1] ?? 0;
    if (marker === 0xff) {
      at++;
      continue;
    }
    // Start of frame: all of 0xc0 to 0xcf but the Huffman table, the JPEG extension and the arithmetic table.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return checked('image/jpeg', data.readUInt16BE(at + 7), data.readUInt16BE(at + 5));
    }
    if (marker === 0xda) break;
    const alone = marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
    at += alone ? 2 : 2 + data.readUInt16BE(at + 2);
  }
  throw unreadable('JPEG without a frame header');
}

function readPng(data: Buffer): ImageHeader {
  if (data.length < 45 || data.toString('latin1', 12, 16) !== 'IHDR') throw unreadable('PNG without IHDR');
  if (data.lastIndexOf('IEND', undefined, 'latin1') < data.length - 64)
    throw unreadable('PNG without its end');
  return checked('image/png', data.readUInt32BE(16), data.readUInt32BE(20));
}

function readWebp(data: Buffer): ImageHeader {
  if (data.length < 30 || data.readUInt32LE(4) + 8 > data.length) throw unreadable('WebP is cut short');
  switch (data.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return checked('image/webp', data.readUInt16LE(26) & 0x3fff, data.readUInt16LE(28) & 0x3fff);
    case 'VP8L': {
      const bits = data.readUInt32LE(21);
      return checked('image/webp', (bits & 0x3fff) + 1, ((bits >>> 14) & 0x3fff) + 1);
    }
    case 'VP8X':
      return checked('image/webp', data.readUIntLE(24, 3) + 1, data.readUIntLE(27, 3) + 1);
    default:
      throw unreadable('WebP of an unknown kind');
  }
}
