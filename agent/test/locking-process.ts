import { lockStateFolder } from '../src/state-lock.js';

/** Locks the folder, says so, and stays until it is killed. */
await lockStateFolder(process.argv[2] ?? '');
process.stdout.write('locked\n');
setInterval(() => undefined, 60_000);
