import type { ServerConfig } from '../config.js';
import type { Launcher } from './launcher.js';
import { localLauncher, torchrunLauncher } from './local.js';

/** The launcher that is configured, or null. */
export function makeLauncher(config: ServerConfig): Launcher | null {
  switch (config.trainerLauncher) {
    case 'off':
      return null;
    case 'local':
      return localLauncher(config.trainerPython);
    case 'torchrun':
      return torchrunLauncher(config.trainerPython, config.trainerProcesses);
  }
}
