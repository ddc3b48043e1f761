import sharp, { type Sharp } from 'sharp';

/** A picture file in greys of 8 bits; to be resized and read. */
export const greyFile = (path: string): Sharp => sharp(path).flatten().toColourspace('srgb').grayscale();
