import { writeFile } from 'node:fs/promises';
import { openApiDocument } from './openapi.js';

// Writes the API document to the file named on the command line; the console's client types are made from it.
const [file] = process.argv.slice(2);
if (!file) throw new Error('usage: write-openapi FILE');
await writeFile(file, `${JSON.stringify(await openApiDocument(), null, 2)}\n`);
