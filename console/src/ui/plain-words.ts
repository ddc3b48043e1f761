import { phrases, t } from '../i18n/index.js';

/** What a code means for the person in front of the screen: what happened, and what happens next. */
const words: Record<string, string> = phrases({
  artifact_untrusted:
    'The signature of the new model could not be verified. The camera keeps the model it has.',
  artifact_corrupt: 'The download of the new model was damaged. The camera keeps the model it has.',
  artifact_rollback: 'The release is older than one already installed, so it was refused.',
  artifact_incompatible: 'The new model is not made for this hardware.',
  artifact_unreachable: 'The new model cannot be downloaded right now.',
  self_test_failed:
    'The new model gives different answers on this device than in training. The old one keeps running.',
  model_invalid: 'The model file cannot be used.',
  model_contract: 'The model does not have the inputs and outputs that a camera expects.',
  model_external_data: 'The model keeps its weights in a second file. Export it as one file.',
  model_opset: 'The model was exported in a version of ONNX that is not supported.',
  model_operator: 'The model has an operator that is not supported.',
  model_head_missing: 'No classifier head was found in the model.',
  model_absent: 'No model is installed yet: every frame is sent for review.',
  capture_failed: 'A camera cannot be opened or has stopped.',
  capture_stalled: 'A camera delivers no pictures.',
  capture_frozen: 'A camera repeats one picture.',
  capture_flapping: 'A camera fails again and again.',
  camera_silent: 'A camera looks alive, but nothing is decided.',
  backend_unreachable: 'The inference server on the device does not answer.',
  backend_degraded: 'The device runs slower than it should.',
  output_failed: 'A decision could not be delivered on the device.',
  clock_wrong: 'The clock of the device is wrong.',
  config_unhealthy: 'The device was not healthy with these settings and went back.',
  inference_failed: 'The model stopped working on this device.',
  storage_full: 'The disk of the device is full.',
  storage_failed: 'The disk of the device cannot be read or written.',
  certificate_revoked: 'The device was revoked and can no longer connect.',
  device_silent: 'The device is connected but sends no figures.',
  device_offline: 'The device is not connected.',
  drifted: 'What the cameras see is not what they used to see.',
  device_timeout: 'The device did not answer in time.',
  training_too_few: 'Too few labels: at least two classes with two frames each are needed.',
  training_failed: 'The training run stopped with an error.',
  training_cancelled: 'The training run was cancelled.',
});

/** The server's own words stand in for a code that is unknown here. */
export const plainWords = (code: string | null | undefined, fallback?: string | null): string => {
  const known = code ? words[code] : undefined;
  return known ? t(known) : (fallback ?? t('Something went wrong.'));
};
