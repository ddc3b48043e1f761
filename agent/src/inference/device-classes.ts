import { readFileSync } from 'node:fs';
import type { DeviceClass, InferenceConfig } from '@lineside/shared';

/**
 * Which 8-bit variants suit a processor, the best first; none: float is what is known to run.
 * @param arch as Node.js names it
 * @param cpuInfo text of /proc/cpuinfo
 */
export function deviceClassesOf(arch: string, cpuInfo: string): DeviceClass[] {
  if (arch === 'arm64') return ['arm64'];
  if (arch !== 'x64') return [];
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuInfo)?.[1]?.trim().split(/\s+/) ?? []);
  const vnni = flags.has('avx512_vnni') || flags.has('avx_vnni');
  // What was made for a processor without VNNI is right on one with it, in 7 of 8 bits.
  return vnni ? ['x86-vnni', 'x86'] : ['x86'];
}

/** Of this machine; without /proc/cpuinfo what is right on the oldest of its kind. */
export function readDeviceClasses(): DeviceClass[] {
  let cpuInfo = '';
  try {
    cpuInfo = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    // Not Linux.
  }
  return deviceClassesOf(process.arch, cpuInfo);
}

/** Of onnxruntime. */
const gpuProviders = new Set(['cuda', 'tensorrt', 'dml', 'webgpu', 'rocm', 'migraphx']);

/**
 * What the reconciler chooses variants by. Those in 8 bits are made for onnxruntime on the processor, the one in fp16 for
 * GPUs; other engines and providers are given the model in float.
 */
export function variantsFor(
  { backend, executionProvider, variant, oip }: InferenceConfig,
  processor: () => DeviceClass[],
): { deviceClasses: DeviceClass[]; preferredVariant?: string } {
  const onGpu =
    backend === 'ort'
      ? gpuProviders.has(executionProvider)
      : // A variant runs beside the model itself, which takes a folder to put both into.
        oip?.gpu === true && oip.modelRepository !== undefined;
  const onProcessor = backend === 'ort' && executionProvider === 'cpu';
  return {
    deviceClasses: onGpu ? ['gpu'] : onProcessor ? processor() : [],
    ...(variant !== 'auto' && { preferredVariant: variant }),
  };
}
