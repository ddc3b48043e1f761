import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import t, { type Test } from 'tap';
import { gpiodMajor, holdArguments, pulseArguments } from '../../src/outputs/gpio/gpioset-arguments.js';
import { folderOf } from '../helpers/folder.js';
import { until } from '../helpers/until.js';
import { startOutput } from './output-harness.js';

// Shells start slowly on a busy machine.
t.setTimeout(180_000);

const pulseMs = 300;

/**
 * Stands in for gpioset, as no test machine has a GPIO chip: it writes down what it is asked for, refuses a line that
 * another one holds, and holds it as the given version does.
 */
const standIn = (dir: string, version: string): string => `#!/bin/sh
if [ "$1" = --version ]; then echo "gpioset (libgpiod) v${version}"; exit 0; fi
if [ -e "${dir}/broken" ]; then echo "gpioset: unable to open chip" >&2; exit 1; fi
if ! mkdir "${dir}/held" 2>/dev/null; then echo "gpioset: Device or resource busy" >&2; exit 1; fi
release() { kill $! 2>/dev/null; rmdir "${dir}/held"; echo "end" >> "${dir}/log"; exit 0; }
trap release TERM
echo $$ > "${dir}/pid"
echo "$*" >> "${dir}/log"
case "$*" in *--banner*) echo "Setting line '4'...";; esac
case "$*" in
  *--mode=time*|*--toggle*) sleep ${pulseMs / 1000} & wait $!;;
  *--mode=wait*) while read -r _; do :; done;;
  *) sleep 600 & wait $!;;
esac
release
`;

interface Chip {
  readonly dir: string;
  log(): Promise<string[]>;
}

async function chip(t: Test, version: string | null): Promise<Chip> {
  const dir = folderOf(t, { log: '' });
  if (version !== null) await install(dir, version);
  const before = process.env.PATH;
  process.env.PATH = `${dir}${delimiter}${before}`;
  t.teardown(() => {
    process.env.PATH = before;
  });
  const log = async (): Promise<string[]> =>
    (await readFile(join(dir, 'log'), 'utf8')).split('\n').slice(0, -1);
  return { dir, log };
}

async function install(dir: string, version: string): Promise<void> {
  const path = join(dir, 'gpioset');
  await writeFile(path, standIn(dir, version));
  await chmod(path, 0o755);
}

const line = (more: object = {}) => ({
  kind: 'gpio',
  chip: 'gpiochip1',
  line: 4,
  activeClasses: ['scratch'],
  timeoutMs: 20_000,
  ...more,
});

t.test('the version is read from what the command says of itself', async (t) => {
  t.equal(gpiodMajor('gpioset (libgpiod) v1.6.3\nCopyright (C) 2017'), 1);
  t.equal(gpiodMajor('gpioset (libgpiod) v2.2.1'), 2);
  t.throws(() => gpiodMajor('gpioset (libgpiod) v3.0'), { code: 'output_failed' });
  t.throws(() => gpiodMajor(''), { code: 'output_failed' });
  const pin = { chip: 'gpiochip1', line: 4 };
  t.equal(pulseArguments(1, pin, 2050).join(' '), '--mode=time --sec=2 --usec=50000 gpiochip1 4=1');
  t.equal(pulseArguments(2, pin, 2050).slice(3, 5).join(' '), '--toggle 2050ms,0');
  t.same(holdArguments(1, pin, 0), ['--mode=wait', 'gpiochip1', '4=0']);
});

const held = {
  '1.6.3': (level: number) => `--mode=wait gpiochip1 4=${level}`,
  '2.2.1': (level: number) => `--banner --consumer lineside --chip gpiochip1 4=${level}`,
};

for (const [version, hold] of Object.entries(held)) {
  t.test(`a level is held by one process after the other (libgpiod ${version})`, async (t) => {
    const { log } = await chip(t, version);
    const { emit, counts, output, errors } = startOutput(t, line());
    await until('the safe level at the start', async () => (await log()).length === 1);
    const decisions = [
      { classId: 'scratch' },
      { classId: 'scratch' },
      { classId: 'good' },
      { classId: 'scratch', accepted: false },
      { classId: 'scratch' },
    ];
    for (const [index, decided] of decisions.entries()) {
      emit(decided);
      await until(`decision ${index}`, () => counts.delivered === index + 1);
      // Version 1 does not say when the line is set.
      const level = decided.classId === 'scratch' && decided.accepted !== false ? 1 : 0;
      await until(`level ${level}`, async () => (await log()).at(-1) === hold(level));
    }
    await output.close();
    t.same(
      await log(),
      [0, 1, 0, 1, 0].flatMap((level) => [hold(level), 'end']),
    );
    t.same([counts.failed, errors], [0, []]);
    t.ok(counts.latencyMs.percentiles().p50 > 0);
  });

  t.test(`a pulse ends by itself, and the line rests at 0 afterwards (libgpiod ${version})`, async (t) => {
    const { log } = await chip(t, version);
    const { emit, counts, output, errors } = startOutput(t, line({ pulseMs }));
    emit({ classId: 'scratch' });
    await until(
      'the pulse',
      async () => counts.delivered === 1 && (await log()).some((entry) => entry.endsWith('=1')),
    );
    emit({ classId: 'good' });
    await until('a part that needs none', () => counts.delivered === 2);
    emit({ classId: 'scratch' });
    await until('the second pulse', () => counts.delivered === 3);
    await until('the rest after it', async () => (await log()).at(-1) === hold(0));
    await output.close();
    const told = (await log()).filter((entry) => entry !== 'end');
    t.equal(told.filter((entry) => entry.endsWith('=1')).length, 2, told.join('\n'));
    t.match(
      told.find((entry) => entry.endsWith('=1')),
      version.startsWith('1') ? /--mode=time/ : /--toggle 300ms,0/,
    );
    t.same([counts.failed, errors], [0, []]);
  });
}

t.test('in doubt the line is held at the safe level, even in a pulse', async (t) => {
  const { log } = await chip(t, '2.2.1');
  const cameras = [{ id: 'cam', source: { kind: 'synthetic' }, trigger: { kind: 'external' } }];
  const { emit, counts, output } = startOutput(t, line({ pulseMs, safeValue: 1 }), cameras);
  await until('the safe level at the start', async () => (await log()).at(-1) === held['2.2.1'](1));
  emit({ classId: 'good' });
  await until('the line rests', () => counts.delivered === 1);
  t.equal((await log()).at(-1), held['2.2.1'](0));
  emit({ accepted: false });
  await until('a pulse for a part nobody is sure of', () => counts.delivered === 2);
  t.ok((await log()).some((entry) => entry.includes('--toggle')));
  output.doubt?.('cam', true);
  await until('the safe level', async () => (await log()).at(-1) === held['2.2.1'](1));
});

t.test('gpioset’s own words are told, and the line is set as soon as it can be', async (t) => {
  const { dir, log } = await chip(t, '2.2.1');
  await writeFile(join(dir, 'broken'), '');
  const { emit, counts, errors } = startOutput(t, line());
  emit({ classId: 'scratch' });
  await until('the failure', () => counts.failed === 1);
  t.match(errors[0], { code: 'output_failed', message: /gpio: .*unable to open chip/ });
  await rm(join(dir, 'broken'));
  await until('the safe level', async () => (await log()).at(-1) === held['2.2.1'](0));
});

t.test('a process that is ended from outside is replaced by one with the safe level', async (t) => {
  const { dir, log } = await chip(t, '2.2.1');
  const { emit, counts, errors } = startOutput(t, line());
  emit({ classId: 'scratch' });
  await until('the decision', () => counts.delivered === 1);
  process.kill(Number(await readFile(join(dir, 'pid'), 'utf8')), 'SIGTERM');
  await until('it is told', () => errors.some(({ message }) => /let the line go/.test(message)));
  await until('the safe level', async () => (await log()).at(-1) === held['2.2.1'](0));
});

t.test('without gpioset the cause is told, and it is looked for again', async (t) => {
  const { dir, log } = await chip(t, null);
  const { errors } = startOutput(t, line());
  await until('the cause', () => errors.length > 0);
  t.match(errors[0]?.message, /there is no gpioset: install the package gpiod/);
  await install(dir, '1.6.3');
  await until('the safe level', async () => (await log()).at(-1) === held['1.6.3'](0));
});
