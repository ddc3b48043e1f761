import { brightness, drawHistogram, FocusHold, lightWord, lines, regionDrawing, sharpness } from './setup.js';
import { alarmWord, bytes, plain, reasonWords, share, span, stageWords, stateWords } from './words.js';

const classColours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6bb1', '#6d7985'];
const statusEveryMs = 700;
const pictureEveryMs = 180;
const patienceMs = 4000;

const $ = (id) => document.getElementById(id);
const view = { camera: null, setup: false, lines: 'thirds', status: null, sequence: null, lostSince: null };
const rates = new Map();
const focus = new FocusHold();

function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === 'tone') made.dataset.tone = value;
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

/** Puts children in only when what they show has changed, so that nothing flickers under a finger. */
function fill(node, key, make) {
  const text = JSON.stringify(key);
  if (node.dataset.key === text) return;
  node.dataset.key = text;
  node.replaceChildren(...make());
}

const say = (id, text) => {
  const node = $(id);
  if (node.textContent !== text) node.textContent = text;
};

function cameraTone({ state }, alarms) {
  if (alarms.some(({ severity }) => severity === 'error')) return 'bad';
  if (state === 'starting' || state === 'finished') return 'idle';
  return state === 'running' && alarms.length === 0 ? 'ok' : 'warn';
}

function showOverall(status) {
  const errors = status.alarms.filter(({ severity }) => severity === 'error').length;
  const warnings = status.alarms.length - errors;
  const overall = $('overall');
  overall.dataset.tone = errors > 0 ? 'bad' : warnings > 0 ? 'warn' : status.status === 'ok' ? 'ok' : 'idle';
  const count = errors || warnings;
  const word = errors > 0 ? 'alarm' : 'warning';
  say(
    'overall',
    count > 0
      ? `${count} ${word}${count > 1 ? 's' : ''}`
      : status.status === 'ok'
        ? 'All well'
        : 'Getting ready',
  );
  say('device', status.deviceId ?? 'Not enrolled yet');
  document.title = `${status.deviceId ?? 'Lineside'}${count > 0 ? ` (${count})` : ''}`;
  say('about', `${status.model ? `model ${status.model}` : 'no model'} · agent ${status.agentVersion}`);
  $('uplink').dataset.tone = status.connected ? 'ok' : 'idle';
  say('uplink', status.connected ? 'Fleet server' : 'No fleet server');
  $('waiting').dataset.tone = status.spool.frames > 0 ? 'warn' : 'idle';
  say('waiting', `${status.spool.frames} waiting`);
  const button = $('pin-button');
  button.hidden = status.pin === 'none';
  say('pin-button', status.pin === 'open' ? 'Lock' : 'Unlock');
}

function showAlarms({ alarms, at }) {
  fill($('alarms'), [alarms, alarms.map(({ since }) => span(at - since))], () =>
    alarms.map(({ code, severity, message, since, cameraId }) => {
      const note = element(
        'div',
        { className: 'alarm', tone: severity === 'error' ? 'bad' : 'warn' },
        element('strong', {}, cameraId ? `${cameraId}: ${alarmWord(code)}` : alarmWord(code)),
        element('span', {}, message),
        element('time', {}, `for ${span(at - since)}`),
      );
      if (severity === 'error') note.setAttribute('role', 'alert');
      note.dataset.code = code;
      return note;
    }),
  );
}

/** A hold is of the whole box; one that was lifted by itself is released to say that it was seen. */
function showHold({ hold, alarms }) {
  const note = $('hold');
  note.hidden = !hold;
  if (hold) {
    const end = new Date(hold.until).toLocaleString([], {
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
    });
    say('hold', `Updates are held until ${end} at the latest${hold.reason ? `: ${hold.reason}` : ''}`);
  }
  const release = hold || alarms.some(({ code }) => code === 'hold_lifted');
  $('order-hold').dataset.method = release ? 'DELETE' : 'POST';
  say('order-hold', release ? 'Release updates' : 'Hold updates');
}

function showCameras({ cameras, alarms }) {
  const nav = $('cameras');
  nav.hidden = cameras.length < 2;
  const shown = cameras.map((camera) => [
    camera.id,
    cameraTone(
      camera,
      alarms.filter(({ cameraId }) => cameraId === camera.id),
    ),
    camera.id === view.camera,
  ]);
  fill(nav, shown, () =>
    shown.map(([id, tone, pressed]) => {
      const button = element('button', { type: 'button', tone, onclick: () => choose(id) }, id);
      button.setAttribute('aria-pressed', String(pressed));
      return button;
    }),
  );
}

const className = (id) => view.status?.classes.find((known) => known.id === id)?.name ?? plain(id);
const classColour = (id) =>
  classColours[
    Math.max(0, view.status?.classes.findIndex((known) => known.id === id) ?? 0) % classColours.length
  ];

function showVerdict({ last }, { at }) {
  const decision = last?.decision ?? null;
  const verdict = $('verdict');
  verdict.dataset.tone = decision ? (decision.accepted ? 'ok' : 'warn') : 'idle';
  say('verdict-sub', last ? `${span(at - last.capturedAt)} ago` : 'Nothing decided yet');
  say('verdict-class', decision ? className(decision.classId) : last ? 'no decision' : '–');
  $('meter-bar').style.transform = `scaleX(${decision?.confidence ?? 0})`;
  $('meter').ariaLabel = decision ? `Confidence ${share(decision.confidence)}` : 'No confidence';
  say('verdict-share', decision ? share(decision.confidence) : '');
  const sent = last && last.reasons.length > 0;
  const act = decision?.accepted
    ? sent
      ? 'decided alone, sent along'
      : 'decided alone'
    : 'a person will see it';
  say('verdict-act', last ? act : '');
  const others = Object.entries(decision?.probabilities ?? {})
    .sort(([, a], [, b]) => b - a)
    .slice(0, 4)
    .map(([id, value]) => [id, Math.round(value * 1000) / 1000]);
  fill($('classes'), others, () =>
    others.map(([id, value]) => {
      const bar = element('i');
      bar.style.transform = `scaleX(${value})`;
      const row = element(
        'li',
        {},
        element('span', {}, className(id)),
        element('span', {}, share(value)),
        bar,
      );
      row.style.setProperty('--class', classColour(id));
      return row;
    }),
  );
}

function showStages(camera, { at }) {
  const rows = Object.entries(camera.stages).map(([name, { at: well, failedAt, message }]) => {
    const failing = failedAt !== undefined && failedAt >= (well ?? 0);
    return {
      name: stageWords[name],
      tone: failing ? 'bad' : well === null ? 'idle' : 'ok',
      ago: well === null ? 'not yet' : `${span(at - well)} ago`,
      message: failing ? message : '',
    };
  });
  fill($('stages'), rows, () =>
    rows.map(({ name, tone, ago, message }) =>
      element(
        'li',
        { tone },
        name,
        element('span', {}, ago),
        ...(message ? [element('em', {}, message)] : []),
      ),
    ),
  );
  const before = rates.get(camera.id);
  if (!before || at - before.at >= 2500) {
    const rate = before ? ((camera.decided - before.decided) * 1000) / (at - before.at) : null;
    rates.set(camera.id, { at, decided: camera.decided, rate: rate ?? before?.rate ?? null });
  }
  const rate = rates.get(camera.id)?.rate;
  const running = camera.state === 'running' && rate !== null && rate !== undefined;
  say(
    'rate',
    running ? `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} decisions/s` : stateWords[camera.state],
  );
}

function showFlagged({ flagged, at, cameras }) {
  say('flagged-note', flagged.length > 0 ? 'newest first, kept until the agent restarts' : '');
  const key = flagged.map(({ id, capturedAt }) => [id, span(at - capturedAt)]);
  fill($('flagged'), key, () =>
    flagged.length === 0
      ? [element('li', { className: 'none' }, 'No frame has been flagged since the agent started.')]
      : flagged.map(({ id, cameraId, capturedAt, reasons, classId, confidence }) =>
          element(
            'li',
            {},
            element('img', {
              src: `/flagged/${encodeURIComponent(id)}/picture.jpg`,
              alt: '',
              loading: 'lazy',
            }),
            element(
              'div',
              {},
              element(
                'strong',
                {},
                classId ? className(classId) : 'no decision',
                element('span', {}, confidence === null ? '' : share(confidence)),
              ),
              element('p', {}, reasons.map((reason) => reasonWords[reason] ?? plain(reason)).join(', ')),
              element('p', {}, `${cameras.length > 1 ? `${cameraId}, ` : ''}${span(at - capturedAt)} ago`),
            ),
          ),
        ),
  );
}

function showFacts({ decisionMs, inferenceMs, vitals, spool, framesUploaded, backend, uptimeSeconds }) {
  const { memory, disk, temperatureCelsius } = vitals;
  const milliseconds = (value) =>
    value > 0 ? `${value < 10 ? value.toFixed(1) : Math.round(value)} ms` : '–';
  const facts = [
    ['Camera to decision', milliseconds(decisionMs.p50), `95 % under ${milliseconds(decisionMs.p95)}`],
    ['Model', milliseconds(inferenceMs.p50), `on ${backend.actual}`],
    ['Waiting to be sent', String(spool.frames), `${bytes(spool.bytes)} of ${bytes(spool.maxBytes)}`],
    ['Sent', String(framesUploaded), 'since the start'],
    ['Disk free', disk ? bytes(disk.freeBytes) : '–', disk ? `of ${bytes(disk.totalBytes)}` : ''],
    ['Memory free', bytes(memory.availableBytes), `of ${bytes(memory.totalBytes)}`],
    [
      'Temperature',
      temperatureCelsius === null ? '–' : `${Math.round(temperatureCelsius)} °C`,
      temperatureCelsius === null ? 'no sensor' : 'hottest sensor',
    ],
    ['Running for', span(uptimeSeconds * 1000), ''],
  ];
  fill($('facts'), facts, () =>
    facts.map(([term, value, note]) =>
      element('div', {}, element('dt', {}, term), element('dd', {}, value, element('small', {}, note))),
    ),
  );
}

function showPictureState(camera) {
  const { size } = camera;
  $('blank').hidden = size !== null;
  $('picture').hidden = size === null;
  if (size === null)
    say('blank', camera.message ?? `No picture yet: ${stateWords[camera.state].toLowerCase()}.`);
  say('caption', size ? `${camera.id}  ${size.width} × ${size.height}` : '');
  const overlay = $('overlay');
  const shown = view.setup && size ? [view.lines, size.width, size.height] : null;
  const key = JSON.stringify(shown);
  if (overlay.dataset.key === key) return;
  overlay.dataset.key = key;
  overlay.setAttribute('preserveAspectRatio', 'xMidYMid meet');
  if (shown) overlay.setAttribute('viewBox', `0 0 ${size.width} ${size.height}`);
  overlay.innerHTML = shown ? lines(...shown) : '';
}

function showRegion({ regionOfInterest, rotation }) {
  const { svg, words } = regionDrawing(regionOfInterest, rotation);
  const region = $('region');
  if (region.dataset.key === words) return;
  region.dataset.key = words;
  region.innerHTML = svg;
  region.append(element('span', {}, words));
}

function show(status) {
  view.status = status;
  if (!status.cameras.some(({ id }) => id === view.camera)) view.camera = status.cameras[0]?.id ?? null;
  showOverall(status);
  showAlarms(status);
  showHold(status);
  showCameras(status);
  showFlagged(status);
  showFacts(status);
  const camera = status.cameras.find(({ id }) => id === view.camera);
  $('board').hidden = camera === undefined;
  if (!camera) return;
  showPictureState(camera);
  showVerdict(camera, status);
  showStages(camera, status);
  showRegion(camera);
  $('orders').hidden = status.pin !== 'open';
  $('order-trigger').hidden = camera.trigger !== 'external';
}

function choose(id) {
  view.camera = id;
  view.sequence = null;
  focus.reset();
  if (view.status) show(view.status);
}

async function picture(query) {
  const answer = await fetch(`/cameras/${encodeURIComponent(view.camera)}/picture.jpg?${query}`, {
    signal: AbortSignal.timeout(patienceMs),
  });
  if (!answer.ok) return null;
  return {
    bitmap: await createImageBitmap(await answer.blob()),
    sequence: answer.headers.get('x-frame-sequence'),
  };
}

function draw(canvas, bitmap) {
  canvas.width = bitmap.width;
  canvas.height = bitmap.height;
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
}

async function showPicture() {
  const { camera } = view;
  const stage = $('picture');
  const wanted = Math.min(
    1280,
    Math.max(480, Math.ceil((stage.clientWidth * Math.min(2, devicePixelRatio)) / 160) * 160),
  );
  const newest = await picture(`width=${wanted}`);
  if (!newest || view.camera !== camera) return;
  if (newest.sequence !== view.sequence) {
    view.sequence = newest.sequence;
    draw(stage, newest.bitmap);
    stage.dataset.sequence = newest.sequence;
    if (view.setup) {
      const light = brightness(newest.bitmap);
      drawHistogram($('histogram'), light);
      const { tone, text } = lightWord(light);
      $('light-word').dataset.tone = tone;
      say('light-word', `mean ${Math.round(light.mean)} of 255, ${text}`);
    }
  }
  newest.bitmap.close();
  if (!view.setup) return;
  const centre = await picture('crop=centre&width=480');
  if (!centre || view.camera !== camera) return;
  draw($('loupe'), centre.bitmap);
  const { value, bar, peak, near } = focus.add(sharpness(centre.bitmap));
  centre.bitmap.close();
  say('focus', value < 10 ? value.toFixed(1) : String(Math.round(value)));
  say('focus-word', near > 0.97 ? 'sharpest so far' : `${Math.round(near * 100)} % of the sharpest`);
  $('focus-bar').style.transform = `scaleX(${bar})`;
  $('focus-peak').style.left = `${peak * 100}%`;
  $('focus-meter').dataset.tone = near > 0.97 ? 'ok' : near > 0.8 ? 'warn' : 'bad';
  document.querySelector('.focus-figure').dataset.tone = $('focus-meter').dataset.tone;
}

async function showStatus() {
  const answer = await fetch('/status', { signal: AbortSignal.timeout(patienceMs) });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  show(await answer.json());
}

/** One after another, and only while somebody looks. */
async function repeat(everyMs, work, onError) {
  for (;;) {
    if (!document.hidden) await work().catch(onError);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

function lost() {
  const overall = $('overall');
  overall.dataset.tone = 'bad';
  say('overall', 'The agent does not answer');
}

async function order(method, path, body) {
  const answer = await fetch(path, {
    method,
    ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
  });
  if (answer.ok) return null;
  const { message } = await answer.json().catch(() => ({ message: `status ${answer.status}` }));
  return message;
}

let toastTimer;
function toast(text) {
  const node = $('toast');
  node.textContent = text;
  node.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => {
    node.hidden = true;
  }, 3500);
}

function orders() {
  $('order-hold').onclick = async ({ currentTarget: { dataset } }) => {
    const problem = await order(dataset.method, '/hold');
    toast(problem ?? (dataset.method === 'POST' ? 'Updates are held until released' : 'Updates go on'));
    await showStatus();
  };
  for (const [name, done] of [
    ['trigger', 'Triggered'],
    ['request', 'The next frame goes to be labelled'],
    ['restart', 'The camera starts anew'],
  ]) {
    $(`order-${name}`).onclick = async () => {
      const problem = await order('POST', `/cameras/${encodeURIComponent(view.camera)}/${name}`);
      toast(problem ?? done);
    };
  }
}

function pinDialog() {
  const dialog = $('pin-dialog');
  $('pin-button').onclick = async () => {
    if (view.status?.pin === 'open') {
      await order('DELETE', '/session');
      await showStatus();
      return;
    }
    $('pin').value = '';
    say('pin-error', '');
    dialog.showModal();
  };
  $('pin-cancel').onclick = () => dialog.close();
  $('pin-form').onsubmit = async (event) => {
    event.preventDefault();
    const problem = await order('POST', '/session', { pin: $('pin').value });
    say('pin-error', problem ?? '');
    if (problem) {
      $('pin').select();
      return;
    }
    dialog.close();
    await showStatus();
  };
}

function views() {
  const press = (buttons, chosen) => {
    for (const button of buttons) button.setAttribute('aria-pressed', String(button === chosen));
  };
  const both = [$('view-live'), $('view-setup')];
  for (const button of both) {
    button.onclick = () => {
      press(both, button);
      view.setup = button.id === 'view-setup';
      view.sequence = null;
      focus.reset();
      $('board').dataset.view = view.setup ? 'setup' : 'live';
      if (view.status) show(view.status);
    };
  }
  const kinds = [...document.querySelectorAll('[data-lines]')];
  for (const button of kinds) {
    button.onclick = () => {
      press(kinds, button);
      view.lines = button.dataset.lines;
      if (view.status) show(view.status);
    };
  }
  $('focus-reset').onclick = () => focus.reset();
}

views();
orders();
pinDialog();
void repeat(statusEveryMs, showStatus, lost);
void repeat(
  pictureEveryMs,
  async () => {
    const camera = view.status?.cameras.find(({ id }) => id === view.camera);
    if (camera?.size) await showPicture();
  },
  () => {},
);
