import { isErrorCode, LinesideError, type VariantTrial } from '@lineside/shared';
import { percentilesOf } from '../health/percentiles.js';
import type { ModelSession } from './backend.js';
import type { LoadedPackage } from './model.js';
import type { PictureSize } from './recent-sizes.js';

const warmUps = 2;
const rounds = 7;
/** A smaller gain is not worth another rounding of the answers. */
const largestShareOfTime = 0.95;

/** A model whose golden frames have passed, and what runs it. */
export interface Proven {
  readonly model: LoadedPackage;
  readonly session: ModelSession;
}

/**
 * Opens the variant of fewer bits of a package, if it has one for this device, and lets it serve only when it answers as the model
 * itself does and is faster here; else the model itself serves, and its trial says why. One that served before proves its
 * answers anew and is not timed again.
 * @param prove loads a package and runs its golden frames
 * @param size of the pictures that both are timed on
 * @throws what `prove` throws of the model itself, and `unavailable` when the engine stops
 */
export async function proveFaster(
  model: LoadedPackage,
  prove: (model: LoadedPackage) => Promise<ModelSession>,
  size: PictureSize,
): Promise<Proven> {
  const { candidate, ...itself } = model;
  if (!candidate) return { model: itself, session: await prove(itself) };
  const variant: LoadedPackage = { ...itself, ...candidate, itself };
  const refused = (error: unknown): VariantTrial => {
    // The engine stops: that says nothing of the variant.
    if (isErrorCode(error, 'unavailable')) throw error;
    const reason = (error as Error).message.slice(0, 300);
    return { variant: candidate.variant, serves: false, agreement: null, latencyMs: null, reason };
  };
  if (itself.trial?.serves) {
    try {
      return { model: variant, session: await prove(variant) };
    } catch (error) {
      return { model: { ...itself, trial: refused(error) }, session: await prove(itself) };
    }
  }
  const session = await prove(itself);
  let rival: ModelSession | null = null;
  try {
    checkSuits(variant, session);
    rival = await prove(variant);
    const trial = await compare(candidate.variant, rival, session, size);
    const [winner, loser] = trial.serves ? [rival, session] : [session, rival];
    await loser.close();
    return { model: { ...(trial.serves ? variant : itself), trial }, session: winner };
  } catch (error) {
    await rival?.close();
    try {
      return { model: { ...itself, trial: refused(error) }, session };
    } catch (stopped) {
      await session.close();
      throw stopped;
    }
  }
}

/** @throws LinesideError `backend_degraded` for a variant that is for a GPU, where the session runs on the CPU */
export function checkSuits({ variant, deviceClass }: LoadedPackage, { backend }: ModelSession): void {
  if (deviceClass !== 'gpu' || backend.actual !== 'cpu') return;
  throw new LinesideError('backend_degraded', `${variant} is for a GPU; the CPU would run it`);
}

/** Both take turns, so that whatever else the machine does meets both. */
async function compare(
  name: string,
  variant: ModelSession,
  itself: ModelSession,
  { width, height }: PictureSize,
): Promise<VariantTrial> {
  const agreement = await variant.selfTest();
  const picture = { rgb: Buffer.alloc(width * height * 3), width, height };
  const times = { variant: [] as number[], model: [] as number[] };
  for (let round = 0; round < warmUps + rounds; round++) {
    const turn = { variant: await variant.infer(picture), model: await itself.infer(picture) };
    if (round < warmUps) continue;
    times.variant.push(turn.variant.inferenceMs);
    times.model.push(turn.model.inferenceMs);
  }
  const latencyMs = { variant: percentilesOf(times.variant).p50, model: percentilesOf(times.model).p50 };
  const serves = latencyMs.variant <= largestShareOfTime * latencyMs.model;
  return {
    variant: name,
    serves,
    agreement,
    latencyMs,
    ...(!serves && { reason: 'it is not faster than the model itself on this device' }),
  };
}
