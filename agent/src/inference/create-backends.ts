import { join } from 'node:path';
import { type InferenceConfig, LinesideError } from '@lineside/shared';
import type { EngineBackends } from './engine.js';
import { OipBackend } from './oip/oip-backend.js';
import { OrtBackend } from './ort/ort-backend.js';

/**
 * What the configuration asks for, what decides in its absence, and what runs challengers.
 * @throws LinesideError `config_invalid` when backend oip has no engine to talk to
 */
export function createBackends(config: InferenceConfig, stateDir: string): EngineBackends {
  const { backend, threads, executionProvider, oip } = config;
  const cacheDir = join(stateDir, 'optimised-models');
  const cpu = new OrtBackend({ threads, executionProvider: 'cpu', cacheDir });
  if (backend === 'ort') {
    return { primary: new OrtBackend({ threads, executionProvider, cacheDir }), fallback: null, shadow: cpu };
  }
  if (!oip) throw new LinesideError('config_invalid', 'inference.oip is required by inference.backend oip');
  return { primary: new OipBackend(oip), fallback: oip.fallback === 'cpu' ? cpu : null, shadow: cpu };
}
