/** Words for a person who stands at the line. */
export const stageWords = {
  captured: 'Captured',
  inferred: 'Model answered',
  decided: 'Decided',
  delivered: 'Delivered',
};

export const stateWords = {
  starting: 'Starting',
  running: 'Running',
  frozen: 'Frozen picture',
  backing_off: 'Tries again',
  flapping: 'Fails again and again',
  finished: 'Finished',
  failed: 'Failed',
};

export const reasonWords = {
  low_confidence: 'not sure',
  small_margin: 'torn between two',
  novel: 'unlike what was taught',
  disagreement: 'models disagree',
  image_dark: 'dark picture',
  image_bright: 'bright picture',
  image_blurry: 'blurred picture',
  image_covered: 'covered lens',
  image_moved: 'camera moved',
  image_frozen: 'frozen picture',
  audit: 'random check',
  requested: 'asked for',
  record: 'recording',
  no_model: 'no model yet',
};

const alarmWords = {
  camera_silent: 'Silent camera',
  capture_stalled: 'No pictures',
  capture_failed: 'Camera failed',
  capture_flapping: 'Camera fails again and again',
  capture_frozen: 'Picture stands still',
  image_unhealthy: 'Picture has changed',
  model_absent: 'No model',
  backend_unreachable: 'Model server is gone',
  backend_degraded: 'Runs on other hardware',
  output_failed: 'Decisions do not arrive',
  storage_failed: 'Disk fails',
  storage_full: 'Disk is full',
  spool_evicting: 'Waiting frames are given up',
  disk_low: 'Disk nearly full',
  memory_low: 'Memory nearly full',
  temperature_high: 'Too hot',
  clock_wrong: 'Clock is wrong',
  config_unhealthy: 'Settings were taken back',
  config_invalid: 'Settings were refused',
  restarts_exhausted: 'Restarting does not help',
  hold_lifted: 'A hold was forgotten',
};

export const alarmWord = (code) => alarmWords[code] ?? plain(code);
export const plain = (id) => id.replaceAll(/[_-]+/g, ' ');

/** "4 s", "12 min", "3 h", "2 days": how long ago, to a glance. */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

export function bytes(count) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const share = (value) =>
  `${Math.floor(value * 1000) / 10 >= 99.95 ? 100 : (value * 100).toFixed(value >= 0.995 ? 1 : 0)} %`;
