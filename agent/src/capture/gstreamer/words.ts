const mask = '***';

/** Properties of elements whose value nobody else may read. */
const secretProperty = /^(?:[\w-]*(?:pass(?:word|phrase|wd)?|pw|pwd|secret|token|api-?key)|user-id)=(.*)$/i;
/** Cheap cameras take the password in the path. */
const query = /\b(?:user|username|password|passwd|passphrase|pwd|pw|pass|token|secret)=([^\s&"']+)/gi;
const userInfo = /^[a-z][a-z0-9+.-]*:\/\/([^\s"']*)@/i;

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

/** User names and passwords that stand in a pipeline, in every form in which they could be repeated. */
export function secretsIn(pipeline: readonly string[]): string[] {
  const found = new Set<string>();
  const add = (secret: string): void => {
    for (const form of [secret, decoded(secret), encodeURIComponent(decoded(secret))]) {
      // A very short one is no secret, and hiding it would make a riddle of every sentence.
      if (form.length >= 4) found.add(form);
    }
  };
  for (const argument of pipeline) {
    const property = secretProperty.exec(argument);
    if (property?.[1]) add(property[1]);
    for (const [, value] of argument.matchAll(query)) if (value) add(value);
    const address = argument.slice(argument.indexOf('=') + 1);
    const info = userInfo.exec(address)?.[1];
    if (info === undefined) continue;
    const colon = info.indexOf(':');
    if (colon >= 0) add(info.slice(colon + 1));
    add(info);
  }
  return [...found].sort((a, b) => b.length - a.length);
}

/** Hides who signs in and with what, in plain and percent-encoded addresses, in properties and by their very words. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let hidden = text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s"'<>]*@/gi, `$1${mask}@`)
    .replace(/(%3A%2F%2F)[^\s"'<>]*?%40/gi, `$1${mask}%40`)
    .replace(query, (pair, value: string) => `${pair.slice(0, pair.length - value.length)}${mask}`);
  for (const secret of secrets) hidden = hidden.replaceAll(secret, mask);
  return hidden;
}

/** `../sys/v4l2/v4l2_calls.c(608): gst_v4l2_open (): /GstPipeline:…:` says where in GStreamer, not what. */
const place = /^\S+\.(?:c|cc|cpp|m|rs)\(\d+\): .*\(\): \S+$/;
const opening = /^(?:ERROR|WARNING): (?:from element|erroneous pipeline)/;

/**
 * What GStreamer says of a failure: the first error of gst-launch and its debug information, which often alone names
 * the cause. Without one, the end of what was said. Empty when nothing was.
 */
export function gstreamerWords(stderr: string): string {
  const lines = stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  let at = lines.findIndex((line) => line.startsWith('ERROR: from element'));
  if (at < 0) at = lines.findIndex((line) => opening.test(line));
  if (at < 0) {
    return lines
      .filter((line) => !/^(?:Setting pipeline|Freeing pipeline|Execution ended)/.test(line))
      .join(' ')
      .slice(-400);
  }
  const rest = lines.slice(at + 1);
  const next = rest.findIndex((line) =>
    /^(?:ERROR|WARNING|INFO|Execution ended|Setting pipeline|Failed to set)\b/.test(line),
  );
  return [lines[at], ...rest.slice(0, next < 0 ? undefined : next)]
    .filter((line) => line !== 'Additional debug info:' && !place.test(line ?? ''))
    .join(' ')
    .slice(0, 700);
}
