/**
 * The one registry of coded errors. A code is part of the public interface: it is what the API returns, what a
 * device reports and what a log line is searched by, so a code is never renamed and never reused.
 */
const registry = {
  // protocol
  payload_malformed: { status: 400, title: 'The payload is not valid CBOR or JSON.' },
  payload_invalid: { status: 400, title: 'The payload does not match its schema.' },
  payload_version: { status: 400, title: 'The payload has a version this software does not know.' },
  payload_too_large: { status: 413, title: 'The payload is larger than the configured maximum.' },
  topic_invalid: { status: 400, title: 'The topic is not part of the protocol.' },
  topic_forbidden: { status: 403, title: 'The topic belongs to another device or direction.' },
  // requests
  request_invalid: { status: 400, title: 'The request does not match its schema.' },
  not_found: { status: 404, title: 'There is nothing at this address.' },
  edited_meanwhile: { status: 412, title: 'Someone else has changed it meanwhile; read it again.' },
  conflict: { status: 409, title: 'The request conflicts with the present state.' },
  rate_limited: { status: 429, title: 'Too many requests; try again later.' },
  internal: { status: 500, title: 'The server failed to answer; the log has the cause.' },
  unavailable: { status: 503, title: 'The server is starting or stopping; try again.' },
  // identity
  unauthenticated: { status: 401, title: 'Sign in first.' },
  credentials_wrong: { status: 401, title: 'E-mail or password is wrong.' },
  second_factor_required: { status: 401, title: 'The code of your second factor is needed too.' },
  second_factor_wrong: { status: 401, title: 'The code is wrong, too old or used already.' },
  second_factor_due: { status: 403, title: 'Your role needs a second factor; turn it on first.' },
  password_sign_in_off: { status: 403, title: 'Sign in by single sign-on; passwords are for emergencies.' },
  sso_expired: { status: 401, title: 'This single sign-on took too long or began in another browser.' },
  sso_refused: { status: 403, title: 'Single sign-on does not let you in here.' },
  sso_not_invited: { status: 403, title: 'Nobody has invited you yet.' },
  sso_email_taken: { status: 409, title: 'Someone with your e-mail is here already, not linked to you.' },
  sso_already_linked: {
    status: 409,
    title: 'This identity, or another for this account, is linked already.',
  },
  sso_unreachable: { status: 502, title: 'The identity provider does not answer.' },
  sso_failed: { status: 502, title: 'The answer of the identity provider cannot be trusted.' },
  link_invalid: { status: 401, title: 'This sign-in link was used or has expired.' },
  api_key_invalid: { status: 401, title: 'The API key is unknown, revoked or expired.' },
  scope_insufficient: { status: 403, title: 'The scope of this API key does not allow this.' },
  csrf_rejected: { status: 403, title: 'The request did not come from the console.' },
  role_insufficient: { status: 403, title: 'Your role does not allow this.' },
  claim_token_invalid: { status: 401, title: 'The claim token is unknown, used or expired.' },
  csr_invalid: { status: 400, title: 'The certificate signing request is not valid.' },
  certificate_required: { status: 401, title: 'A device certificate of this fleet is required.' },
  certificate_revoked: { status: 403, title: 'The device certificate was revoked.' },
  device_cloned: { status: 403, title: 'Two machines use the identity of this device; neither may connect.' },
  server_untrusted: {
    status: 502,
    title: 'The server does not prove that it belongs to the fleet of this device.',
  },
  desired_misaddressed: { status: 403, title: 'The desired state was made for another device.' },
  device_unknown: { status: 404, title: 'No such device.' },
  device_offline: { status: 409, title: 'The device is not connected.' },
  device_silent: { status: 500, title: 'The device is connected but sends no telemetry.' },
  drifted: { status: 500, title: 'What the device sees is not what it used to see.' },
  device_timeout: { status: 504, title: 'The device did not answer in time.' },
  // images and models
  image_unreadable: { status: 422, title: 'The image cannot be decoded.' },
  image_unsupported: { status: 415, title: 'The image type is not supported.' },
  model_invalid: { status: 422, title: 'The file is not a usable ONNX model.' },
  model_contract: { status: 422, title: 'The model does not have the inputs and outputs of the contract.' },
  model_external_data: { status: 422, title: 'The ONNX file keeps tensors in other files.' },
  model_opset: { status: 422, title: 'The opset of the ONNX file is not supported.' },
  model_operator: { status: 422, title: 'The ONNX file has an operator that is not supported.' },
  model_head_missing: { status: 422, title: 'The ONNX file has no classifier head that could be replaced.' },
  model_absent: { status: 409, title: 'No model is installed.' },
  // update
  artifact_untrusted: { status: 422, title: 'The signed metadata does not vouch for this artifact.' },
  artifact_expired: {
    status: 422,
    title: 'The signed metadata has expired, or the clock of the device is wrong.',
  },
  artifact_corrupt: { status: 422, title: 'The artifact does not have the signed length or hash.' },
  artifact_rollback: { status: 409, title: 'The release counter is lower than one already installed.' },
  signing_key_missing: {
    status: 409,
    title: 'Too few of the keys that have to sign this are on the server.',
  },
  artifact_incompatible: { status: 409, title: 'The artifact is not made for this hardware.' },
  artifact_unreachable: { status: 502, title: 'The artifact cannot be downloaded now.' },
  self_test_failed: { status: 422, title: 'The model does not reproduce its golden frames on this device.' },
  // capture and inference on the device
  capture_failed: { status: 500, title: 'The image source cannot be opened or has stopped.' },
  capture_frozen: { status: 500, title: 'The image source repeats one picture.' },
  capture_flapping: { status: 500, title: 'The image source fails again and again.' },
  camera_silent: { status: 500, title: 'The camera looks alive but nothing is decided.' },
  capture_stalled: { status: 500, title: 'The image source delivers no frames.' },
  trigger_failed: { status: 502, title: 'The trigger of a camera did not lead to a picture.' },
  backend_unreachable: { status: 502, title: 'The inference server does not answer.' },
  backend_degraded: { status: 500, title: 'The requested inference provider is not the one that runs.' },
  output_failed: { status: 502, title: 'A decision could not be delivered to a local output.' },
  restarts_exhausted: { status: 500, title: 'The agent has restarted itself as often as it may.' },
  disk_low: { status: 507, title: 'The disk is nearly full.' },
  spool_evicting: { status: 507, title: 'Waiting frames are given up for lack of space.' },
  memory_low: { status: 500, title: 'The device has hardly any memory left.' },
  temperature_high: { status: 500, title: 'The device is too hot.' },
  image_unhealthy: {
    status: 500,
    title: 'The picture is no longer what it was: dark, blurred, covered or moved.',
  },
  clock_wrong: { status: 500, title: 'The clock of the device is wrong.' },
  hold_lifted: { status: 500, title: 'A hold on updates lasted as long as it may and was lifted.' },
  pin_wrong: { status: 401, title: 'The PIN is wrong.' },
  inference_failed: { status: 500, title: 'The inference backend failed.' },
  // storage
  storage_full: { status: 507, title: 'There is no space left on the disk.' },
  storage_failed: { status: 500, title: 'The disk cannot be read or written.' },
  secret_unreadable: { status: 500, title: 'A stored secret does not open with the key of this server.' },
  storage_locked: { status: 500, title: 'Another process has this folder open.' },
  blob_missing: { status: 404, title: 'The stored file is missing.' },
  blob_corrupt: { status: 500, title: 'The stored file does not have the recorded hash.' },
  database_unavailable: { status: 503, title: 'The database cannot be reached.' },
  ingest_overloaded: { status: 503, title: 'The server takes in no more frames at the moment.' },
  // labelling, datasets, training, rollouts
  lease_lost: { status: 409, title: 'The lease has passed to someone else.' },
  class_unknown: { status: 422, title: 'No such class.' },
  class_change_settled: { status: 409, title: 'This change of the classes can no longer be undone.' },
  nothing_to_undo: { status: 409, title: 'There is no answer of yours to undo.' },
  not_disputed: {
    status: 409,
    title: 'Nobody disputes the label of this frame, or somebody else has settled it.',
  },
  dataset_empty: { status: 422, title: 'There are no labelled frames to snapshot.' },
  training_too_few: {
    status: 422,
    title: 'Too few labels to train: at least two classes with two frames each.',
  },
  training_failed: { status: 500, title: 'The training run failed.' },
  trainer_missing: { status: 409, title: 'No launcher is configured for the PyTorch trainer.' },
  trainer_library_missing: { status: 502, title: 'Where the trainer runs, a Python library is missing.' },
  architecture_unknown: { status: 422, title: 'The library has no classifier of this name.' },
  weights_unavailable: { status: 502, title: 'The weights cannot be downloaded, or the file does not fit.' },
  training_cancelled: { status: 409, title: 'The training run was cancelled.' },
  rollout_state: { status: 409, title: 'The rollout is not in a state that allows this.' },
  rollout_unapproved: {
    status: 409,
    title: 'Somebody who did not stage the rollout has to approve it first.',
  },
  rollout_too_wide: { status: 409, title: 'The rollout would reach too much of the fleet at once.' },
  fleet_stopped: { status: 409, title: 'The fleet is stopped; nothing new is told to any device.' },
  own_approval: { status: 403, title: 'Nobody approves what they asked for themselves.' },
  rollout_no_devices: { status: 422, title: 'The rollout selects no devices.' },
  rollout_no_previous: { status: 409, title: 'There is no earlier version to roll back to.' },
  // import and export
  archive_invalid: { status: 422, title: 'The file is no zip archive that can be read.' },
  archive_unsafe: {
    status: 422,
    title: 'The archive has a path or a link that leads out of it, or is encrypted.',
  },
  archive_bomb: { status: 422, title: 'The archive unpacks to far more than it may.' },
  archive_empty: { status: 422, title: 'There is nothing in the archive that could be taken in.' },
  annotation_invalid: { status: 422, title: 'An annotation cannot be read.' },
  file_unexpected: { status: 422, title: 'The archive has a file that belongs to no picture.' },
  image_misnamed: { status: 422, title: 'The picture is of another type than its name says.' },
  image_too_large: { status: 422, title: 'The picture has too many pixels or bytes.' },
  picture_missing: { status: 422, title: 'An annotated picture is neither in the archive nor here.' },
  label_ambiguous: { status: 422, title: 'The picture has several classes, and a frame has one.' },
  upload_offset: { status: 409, title: 'The part does not begin where the upload has come to.' },
  transfer_state: { status: 409, title: 'The import or export is not in a state that allows this.' },
  audit_broken: { status: 409, title: 'The audit log is not as it was written.' },
  // configuration
  config_unhealthy: { status: 422, title: 'The device was not healthy with these settings and went back.' },
  config_invalid: { status: 500, title: 'The configuration is not valid.' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ErrorCode = keyof typeof registry;

export const errorCodes = Object.keys(registry) as ErrorCode[];

/** What a code stands for, in English; undefined for one that is not registered. */
export const errorTitle = (code: string): string | undefined =>
  Object.hasOwn(registry, code) ? registry[code as ErrorCode].title : undefined;

/** Every failure that leaves a module carries one of the registered codes; `detail` names the thing that failed. */
export class LinesideError extends Error {
  override readonly name = 'LinesideError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? registry[code].title, options);
    this.code = code;
  }

  /** HTTP status code that belongs to the error code. */
  get status(): number {
    return registry[this.code].status;
  }

  get title(): string {
    return registry[this.code].title;
  }
}

export const isLinesideError = (error: unknown): error is LinesideError => error instanceof LinesideError;

export const isErrorCode = (error: unknown, ...codes: ErrorCode[]): error is LinesideError =>
  isLinesideError(error) && codes.includes(error.code);

/** Wraps anything thrown into a coded error; one that already has a code passes through unchanged. */
export const toLinesideError = (error: unknown, fallback: ErrorCode = 'internal'): LinesideError =>
  isLinesideError(error)
    ? error
    : new LinesideError(fallback, error instanceof Error ? error.message : String(error), { cause: error });
