import t from 'tap';
import { parseConfig } from '../../src/config.js';
import { deviceClassesOf, variantsFor } from '../../src/inference/device-classes.js';

const cpuInfo = (flags: string): string =>
  `processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu sse4_2 avx2 ${flags}\nbugs\t\t: none\n\nprocessor\t: 1\n`;

t.test('the flags of the processor say which 8-bit variants suit it', async (t) => {
  t.strictSame(deviceClassesOf('x64', cpuInfo('avx512f avx512_vnni')), ['x86-vnni', 'x86']);
  t.strictSame(deviceClassesOf('x64', cpuInfo('avx_vnni')), ['x86-vnni', 'x86']);
  t.strictSame(deviceClassesOf('x64', cpuInfo('avx512f')), ['x86'], 'AVX-512 alone is not enough');
  t.strictSame(deviceClassesOf('x64', ''), ['x86'], 'nothing known: what is right anywhere');
  t.strictSame(deviceClassesOf('arm64', 'Features\t: fp asimd asimddp\n'), ['arm64']);
  t.strictSame(deviceClassesOf('riscv64', ''), []);
});

t.test(
  '8 bits are for onnxruntime on the processor, fp16 for GPUs, unless the configuration says otherwise',
  async (t) => {
    const camera = { id: 'cam', source: { kind: 'synthetic' } };
    const chosen = (inference: object) =>
      variantsFor(parseConfig({ cameras: [camera], inference }).inference, () => ['x86']);
    t.strictSame(chosen({}), { deviceClasses: ['x86'] });
    t.strictSame(chosen({ variant: 'fp32' }), { deviceClasses: ['x86'], preferredVariant: 'fp32' });
    t.strictSame(chosen({ executionProvider: 'cuda' }), { deviceClasses: ['gpu'] });
    t.strictSame(chosen({ executionProvider: 'tensorrt', variant: 'fp32' }), {
      ...{ deviceClasses: ['gpu'], preferredVariant: 'fp32' },
    });
    t.strictSame(chosen({ executionProvider: 'openvino' }), { deviceClasses: [] });
    const oip = { url: 'http://127.0.0.1:8000' };
    const engine = (more: object) => chosen({ backend: 'oip', oip: { ...oip, ...more } });
    t.strictSame(engine({ modelRepository: '/srv/models' }), { deviceClasses: [] }, 'it may be a CPU');
    t.strictSame(engine({ modelRepository: '/srv/models', gpu: true }), { deviceClasses: ['gpu'] });
    t.strictSame(engine({ gpu: true }), { deviceClasses: [] }, 'it takes no models from the agent');
  },
);
