import {
  type DeviceClass,
  decodeMessage,
  LinesideError,
  ModelManifest,
  type ModelTarget,
  type ModelVariant,
  type VariantTrial,
} from '@lineside/shared';
import type { Candidate, LoadedPackage } from '../inference/model.js';
import type { ArtifactFile, ArtifactStore } from './artifact-store.js';

/** A release of a model package: which content, under which counter, in which variant for this device. */
export interface Release extends ModelTarget {
  variant: string;
  /** How the variant of fewer bits did here; absent: it was not tried. */
  trial?: VariantTrial;
}

/** A package whose manifest is trusted; its files may still be missing. */
export interface TrustedPackage {
  release: Release;
  manifest: ModelManifest;
  model: ArtifactFile;
  /** A variant of fewer bits for this device, to be tried or tried before. */
  quantised: { variant: string; file: ArtifactFile; tolerance: number; deviceClass: DeviceClass } | null;
  golden: ArtifactFile;
  reference: ArtifactFile | null;
}

/**
 * Which variant this hardware runs: one made for it before one made for any, in the order of the manifest. One of
 * fewer bits has to be measured first.
 */
export interface VariantChoice {
  arch: string;
  /** Name of a variant that the configuration prefers, when it fits. */
  preferred?: string | undefined;
  /** Which variants of fewer bits may be tried, the best first. */
  deviceClasses: readonly DeviceClass[];
}

/** @throws LinesideError `artifact_incompatible`. */
export function chooseVariant(
  manifest: ModelManifest,
  choice: Omit<VariantChoice, 'deviceClasses'>,
): ModelVariant {
  const fitting = manifest.variants.filter(
    ({ arch, quantised }) => !quantised && (!arch || arch.includes(choice.arch)),
  );
  const chosen =
    fitting.find(({ name }) => name === choice.preferred) ?? fitting.find(({ arch }) => arch) ?? fitting[0];
  if (!chosen) {
    throw new LinesideError(
      'artifact_incompatible',
      `${manifest.name} ${manifest.version}: no variant for ${choice.arch}`,
    );
  }
  return chosen;
}

/** The variant of fewer bits to try: the best for this device, or the one that is preferred; null: none. */
function chooseQuantised(
  { variants }: ModelManifest,
  { preferred, deviceClasses }: VariantChoice,
): TrustedPackage['quantised'] {
  for (const deviceClass of deviceClasses) {
    const found = variants.find((variant) => variant.quantised?.deviceClass === deviceClass);
    if (!found?.quantised || (preferred !== undefined && preferred !== found.name)) continue;
    return { variant: found.name, file: found.file, tolerance: found.quantised.tolerance, deviceClass };
  }
  return null;
}

/** @throws LinesideError `artifact_untrusted`, `artifact_incompatible`, `payload_invalid`, `payload_version`. */
export function readPackage(data: Uint8Array, target: ModelTarget, choice: VariantChoice): TrustedPackage {
  const manifest = decodeMessage(ModelManifest, data);
  if (manifest.version !== target.version) {
    throw new LinesideError(
      'artifact_untrusted',
      `the manifest is of version ${manifest.version}, not ${target.version}`,
    );
  }
  const variant = chooseVariant(manifest, choice);
  return {
    release: { ...target, variant: variant.name },
    manifest,
    model: variant.file,
    quantised: chooseQuantised(manifest, choice),
    golden: manifest.golden,
    reference: manifest.reference ?? null,
  };
}

/** Every file of the package once, though two of them may have the same content. */
export function filesOf({ model, quantised, golden, reference }: TrustedPackage): ArtifactFile[] {
  // The model itself stays beside its variant of fewer bits: it is what serves when that one fails.
  const files = [model, ...(quantised ? [quantised.file] : []), golden, ...(reference ? [reference] : [])];
  return files.filter((file, at) => files.findIndex(({ sha256 }) => sha256 === file.sha256) === at);
}

export const toLoaded = (trusted: TrustedPackage, store: ArtifactStore): LoadedPackage => {
  const { manifest, model, golden, reference, quantised, release } = trusted;
  const candidate: Candidate | null = quantised && {
    variant: quantised.variant,
    modelPath: store.path(quantised.file.sha256),
    tolerance: quantised.tolerance,
    deviceClass: quantised.deviceClass,
  };
  return {
    manifest,
    modelPath: store.path(model.sha256),
    goldenPath: store.path(golden.sha256),
    referencePath: reference && store.path(reference.sha256),
    releaseCounter: release.releaseCounter,
    manifestSha256: release.manifestSha256,
    variant: release.variant,
    ...(candidate && { candidate }),
    ...(release.trial && { trial: release.trial }),
  };
};

/**
 * The package of a release that was noted before: what served then is what is tried now, unless another is preferred by now.
 * @param manifest as it was stored
 */
export function readNoted(manifest: Uint8Array, release: Release, choice: VariantChoice): TrustedPackage {
  const { variant, trial, ...target } = release;
  const wanted = choice.preferred === undefined || choice.preferred === variant;
  const deviceClasses = wanted ? choice.deviceClasses : [];
  const read = readPackage(manifest, target, { ...choice, preferred: variant, deviceClasses });
  // On another processor the trial says nothing of this one.
  const holds = trial && (trial.serves ? read.quantised?.variant === trial.variant : true);
  return holds ? { ...read, release: { ...read.release, trial } } : read;
}

function withoutQuantised(trusted: TrustedPackage): TrustedPackage {
  const { trial: _, ...release } = trusted.release;
  return { ...trusted, release, quantised: null };
}

/**
 * A package that was trusted before, from the disk alone.
 * @throws LinesideError `artifact_corrupt` when a file is absent or altered.
 */
export async function openStoredPackage(
  release: Release,
  store: ArtifactStore,
  choice: VariantChoice,
): Promise<TrustedPackage> {
  const noted = readNoted(await store.read(release.manifestSha256), release, choice);
  const { quantised } = noted;
  // The model itself serves without it.
  const trusted = quantised && !(await store.has(quantised.file)) ? withoutQuantised(noted) : noted;
  for (const file of filesOf(trusted)) {
    if (!(await store.has(file))) {
      throw new LinesideError('artifact_corrupt', `${file.sha256}: absent or altered on the disk`);
    }
  }
  return trusted;
}
