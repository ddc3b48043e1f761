import { writeFile } from 'node:fs/promises';
import { protocolDocument } from './protocol.js';

await writeFile(new URL('../../../../docs/protocol.md', import.meta.url), protocolDocument());
