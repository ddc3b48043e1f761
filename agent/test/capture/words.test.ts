import t from 'tap';
import { gstreamerWords, hideSecrets, secretsIn } from '../../src/capture/gstreamer/words.js';

const rtsp = (url: string): string[] => ['-q', 'rtspsrc', `location=${url}`, 'latency=100', '!', 'decodebin'];

t.test('nobody who signs in to a camera can be read out of a message, in any form', async (t) => {
  for (const [url, secrets] of [
    ['rtsp://admin:geheim99@10.0.0.5:554/live', ['admin', 'geheim99']],
    ['rtsp://operator@10.0.0.5/live', ['operator']],
    ['rtsp://admin:p%40ss%2Fword@10.0.0.5/live', ['p%40ss%2Fword', 'p@ss/word', 'admin:']],
    ['rtsp://ad%6Din:s3cret-word@10.0.0.5/live', ['s3cret-word', 'ad%6Din', 'admin:']],
    ['rtsp://admin:with@sign@10.0.0.5/live', ['with@sign', 'sign@']],
    ['rtsps://10.0.0.5/user=admin&password=qwertz12&channel=1', ['qwertz12', 'admin']],
    ['rtsp://10.0.0.5/live?token=abcdef', ['abcdef']],
  ] as const) {
    const known = secretsIn(rtsp(url));
    const user = new URL(url).password;
    for (const text of [
      `could not connect to ${url}`,
      `ERROR: "${url}" (from ${url})`,
      `uri=${encodeURIComponent(url)}`,
      `authenticating with ${user} failed`,
      `authenticating with ${decodeURIComponent(user)} failed`,
    ]) {
      const hidden = hideSecrets(text, known);
      for (const secret of secrets) t.notOk(hidden.includes(secret), `${secret} in: ${hidden}`);
    }
    t.match(hideSecrets(`could not connect to ${url}`, known), /10\.0\.0\.5/, 'the camera is still named');
  }
});

t.test('passwords that are properties of an element are hidden where GStreamer repeats them', async (t) => {
  const pipeline = ['rtspsrc', 'user-id=operator7', 'user-pw=geheim', 'location=rtsp://10.0.0.5/x', '!', 'x'];
  const words = 'could not set property "user-pw" in element "rtspsrc0" to "geheim" for operator7';
  t.equal(
    hideSecrets(words, secretsIn(pipeline)),
    'could not set property "user-pw" in element "rtspsrc0" to "***" for ***',
  );
  t.match(hideSecrets('rtspsrc user-pw=geheim ! x', []), 'rtspsrc user-pw=*** ! x');
});

t.test('of what GStreamer says, the first error and what explains it', async (t) => {
  const stderr = `Setting pipeline to PAUSED ...
ERROR: from element /GstPipeline:pipeline0/GstV4l2Src:v4l2src0: Cannot identify device '/dev/video9'.
Additional debug info:
../sys/v4l2/v4l2_calls.c(608): gst_v4l2_open (): /GstPipeline:pipeline0/GstV4l2Src:v4l2src0:
system error: No such file or directory
ERROR: pipeline doesn't want to preroll.
Failed to set pipeline to PAUSED.
`;
  t.equal(
    gstreamerWords(stderr),
    "ERROR: from element /GstPipeline:pipeline0/GstV4l2Src:v4l2src0: Cannot identify device '/dev/video9'. " +
      'system error: No such file or directory',
  );
  t.equal(
    gstreamerWords('WARNING: erroneous pipeline: no element "nosuch"\n'),
    'WARNING: erroneous pipeline: no element "nosuch"',
  );
  t.equal(gstreamerWords('Setting pipeline to PAUSED ...\nSegmentation fault\n'), 'Segmentation fault');
  t.equal(gstreamerWords(''), '');
});
