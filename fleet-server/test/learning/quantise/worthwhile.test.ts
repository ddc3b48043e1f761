import t from 'tap';
import { worthQuantising } from '../../../src/learning/quantise/worthwhile.js';
import { Builder, classifier } from './networks.js';

/** Four convolutions, each followed by what `activation` adds. */
function network(activation: (net: Builder, input: string) => string): Uint8Array {
  const net = new Builder();
  net.constant('three', [3], []);
  net.constant('six', [6], []);
  net.constant('zero', [0], []);
  let last = net.conv('pixels', 'conv0', [3, 8]);
  for (let layer = 1; layer <= 4; layer++) last = net.conv(activation(net, last), `conv${layer}`, [8, 8]);
  return net.classifier(last, 8);
}

t.test('a network of Relu or Relu6 pays, given pictures enough', async (t) => {
  const relu = network((net, input) => net.op('Relu', [input], `${input}_relu`));
  const relu6 = network((net, input) => net.op('Clip', [input, 'zero', 'six'], `${input}_relu6`));
  for (const bytes of [relu, relu6]) t.strictSame(worthQuantising(bytes, 100), { pays: true });
  t.match(worthQuantising(relu, 99), { pays: false, reason: 'too-few-pictures', message: /99 .* 100 / });
});

t.test('hard-swish does not, in whatever words it was exported', async (t) => {
  const spellings: Record<string, (net: Builder, input: string) => string> = {
    operator: (net, input) => net.op('HardSwish', [input], `${input}_swish`),
    gate: (net, input) =>
      net.op('Mul', [input, net.op('HardSigmoid', [input], `${input}_gate`)], `${input}_swish`),
    silu: (net, input) =>
      net.op('Mul', [net.op('Sigmoid', [input], `${input}_gate`), input], `${input}_swish`),
    clip: (net, input) => {
      const shifted = net.op('Add', [input, 'three'], `${input}_shifted`);
      const clipped = net.op('Clip', [shifted, 'zero', 'six'], `${input}_clipped`);
      return net.op('Mul', [input, net.op('Div', [clipped, 'six'], `${input}_gate`)], `${input}_swish`);
    },
  };
  for (const [name, spelling] of Object.entries(spellings)) {
    t.match(worthQuantising(network(spelling), 1000), { pays: false, reason: 'gated-activations' }, name);
  }
});

t.test('a channel’s gate from its own mean is no hard-swish', async (t) => {
  const bytes = network((net, input) => {
    const relu = net.op('Relu', [input], `${input}_relu`);
    const mean = net.op('GlobalAveragePool', [relu], `${input}_mean`);
    const gate = net.op('Sigmoid', [net.conv(mean, `${input}_squeeze`, [8, 8])], `${input}_gate`);
    return net.op('Mul', [relu, gate], `${input}_excited`);
  });
  t.strictSame(worthQuantising(bytes, 1000), { pays: true });
});

t.test('without convolutions there is nothing to gain', async (t) => {
  const net = new Builder();
  net.op('GlobalAveragePool', ['pixels'], 'pooled');
  net.op('Flatten', ['pooled'], 'features', { axis: 1 });
  t.match(worthQuantising(classifier(net.backbone(3), 3), 1000), { pays: false, reason: 'no-convolutions' });
  t.throws(() => worthQuantising(Uint8Array.of(9), 1000), { code: 'model_invalid' });
});
