import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { parseMemory, readVitals } from '../../src/health/host/vitals.js';
import { folderOf } from '../helpers/folder.js';

t.test('memory that can be had, not memory that is free', async (t) => {
  const meminfo = 'MemTotal:        8000 kB\nMemFree:          100 kB\nMemAvailable:    6000 kB\n';
  t.same(parseMemory(meminfo), { totalBytes: 8000 * 1024, availableBytes: 6000 * 1024 });
  t.ok(parseMemory('').totalBytes > 0, 'without /proc the process is asked');
});

t.test('the hottest credible sensor; null when there is none', async (t) => {
  const root = folderOf(t);
  const zone = async (name: string, text: string): Promise<void> => {
    await mkdir(join(root, name));
    await writeFile(join(root, name, 'temp'), text);
  };
  const paths = { stateDir: root, thermalRoot: root };
  t.equal((await readVitals(paths)).temperatureCelsius, null);
  await zone('thermal_zone0', '41500\n');
  await zone('thermal_zone1', '63000\n');
  await zone('thermal_zone2', '-274000\n');
  await mkdir(join(root, 'thermal_zone3'));
  await zone('cooling_device0', '99000');
  const { temperatureCelsius, disk } = await readVitals(paths);
  t.equal(temperatureCelsius, 63);
  t.ok(disk && disk.totalBytes >= disk.freeBytes && disk.freeBytes > 0);
  t.equal((await readVitals({ stateDir: join(root, 'absent'), thermalRoot: root })).disk, null);
});
