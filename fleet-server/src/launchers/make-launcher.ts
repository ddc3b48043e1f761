import { LinesideError } from '@lineside/shared';
import type { ServerConfig } from '../config.js';
import { kubernetesLauncher } from './kubernetes.js';
import type { Launcher } from './launcher.js';
import { localLauncher, torchrunLauncher } from './local.js';
import { rayLauncher } from './ray.js';

/** The launcher that is configured, or null. @throws LinesideError `config_invalid` naming what it lacks */
export function makeLauncher(config: ServerConfig): Launcher | null {
  switch (config.trainerLauncher) {
    case 'off':
      return null;
    case 'local':
      return localLauncher(config.trainerPython);
    case 'torchrun':
      return torchrunLauncher(config.trainerPython, config.trainerProcesses);
    case 'ray': {
      const sharedDir = needed(config, 'trainerSharedDir');
      return rayLauncher({
        url: needed(config, 'trainerRayUrl'),
        tokenFile: config.trainerRayTokenFile,
        sharedDir,
        sharedPath: config.trainerSharedPath ?? sharedDir,
        command: config.trainerCommand,
        gpus: config.trainerGpus,
      });
    }
    case 'kubernetes':
      return kubernetesLauncher({
        kubectl: config.trainerKubectl,
        namespace: config.trainerNamespace,
        image: needed(config, 'trainerImage'),
        volumeClaim: needed(config, 'trainerVolumeClaim'),
        sharedDir: needed(config, 'trainerSharedDir'),
        command: config.trainerCommand,
        gpus: config.trainerGpus,
      });
  }
}

type Optional = 'trainerSharedDir' | 'trainerRayUrl' | 'trainerImage' | 'trainerVolumeClaim';

function needed(config: ServerConfig, key: Optional): string {
  const value = config[key];
  if (value === undefined) {
    throw new LinesideError('config_invalid', `the launcher ${config.trainerLauncher} needs ${key}`);
  }
  return value;
}
