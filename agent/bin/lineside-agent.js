#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// The heap's young part would grow to 32 MB while the modules load and stay so for a year; the agent makes little garbage.
setFlagsFromString('--semi-space-growth-factor=1');
let main;
try {
  ({ main } = await import('../dist/src/main.js'));
} catch (error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error(
    `lineside-agent is not built or its packages are not installed: npm ci && npm run build\n${error.message}`,
  );
  process.exit(1);
}
process.exit(await main(process.argv.slice(2)));
