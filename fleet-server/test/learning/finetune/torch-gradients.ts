import { execFileSync } from 'node:child_process';
import {
  floatAttribute,
  integerAttribute,
  integersAttribute,
} from '../../../src/learning/finetune/graph/attributes.js';
import { integersOf } from '../../../src/learning/finetune/graph/constants.js';
import { DataType, floatData, type NodeProto, shapeOf } from '../../../src/learning/onnx/proto.js';
import type { analyticGradients } from './gradient-check.js';

const python = '/usr/bin/python3';

/** Why PyTorch cannot be asked; undefined when it can. */
export function torchMissing(): string | undefined {
  try {
    execFileSync(python, ['-c', 'import torch'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${python} has no torch: npm run setup:system -- --with-torch`;
  }
}

/** Reads a graph as JSON, runs it in PyTorch and answers with the gradients of Σ y · projection by the wanted tensors. */
const script = `
import json, sys
import torch
import torch.nn.functional as F
torch.set_num_threads(1)

def tensor(t):
    return torch.tensor(t['data'], dtype=torch.float64).reshape(t['shape'])

def conv(a, x, w, b=None):
    t, l, bo, r = a['pads']
    x = F.pad(x, (l, r, t, bo))
    return F.conv2d(x, w, b, stride=a['strides'], dilation=a['dilations'], groups=a['group'])

def gemm(a, x, w, b=None):
    y = (x.T if a['transA'] else x) @ (w.T if a['transB'] else w)
    return y if b is None else y + b

def bounds(a, x, low=None, high=None):
    return torch.clamp(x, low, high)

OPS = {
    'Conv': conv, 'Gemm': gemm, 'Clip': bounds,
    'Add': lambda a, x, y: x + y, 'Sub': lambda a, x, y: x - y,
    'Mul': lambda a, x, y: x * y, 'Div': lambda a, x, y: x / y,
    'MatMul': lambda a, x, y: x @ y,
    'Relu': lambda a, x: F.relu(x), 'Sigmoid': lambda a, x: torch.sigmoid(x),
    'LeakyRelu': lambda a, x: F.leaky_relu(x, a['alpha']),
    'HardSwish': lambda a, x: F.hardswish(x),
    'HardSigmoid': lambda a, x: torch.clamp(a['alpha'] * x + 0.5, 0, 1),
    'Concat': lambda a, *xs: torch.cat(xs, a['axis']),
    'MaxPool': lambda a, x: F.max_pool2d(x, a['kernel'], a['strides'], a['pads'][:2], ceil_mode=bool(a['ceil'])),
    'AveragePool': lambda a, x: F.avg_pool2d(
        x, a['kernel'], a['strides'], a['pads'][:2], bool(a['ceil']), bool(a['counted'])),
    'GlobalAveragePool': lambda a, x: x.mean((2, 3), keepdim=True),
    'BatchNormalization': lambda a, x, s, b, m, v: F.batch_norm(x, m, v, s, b, False, 0, 1e-5),
    'LRN': lambda a, x: F.local_response_norm(x, a['size'], a['alpha'], a['beta'], a['bias']),
}

answers = []
for case in json.load(sys.stdin):
    wanted = {k: tensor(t).requires_grad_(True) for k, t in case['values'].items()}
    known = {**{k: tensor(t) for k, t in case['constants'].items()}, **wanted}
    for node in case['nodes']:
        inputs = [known[name] if name else None for name in node['inputs']]
        known[node['output']] = OPS[node['op']](node['attributes'], *inputs)
    (known['y'] * tensor(case['projection'])).sum().backward()
    answers.append({k: t.grad.flatten().tolist() for k, t in wanted.items()})
json.dump(answers, sys.stdout)
`;

type Analytic = Awaited<ReturnType<typeof analyticGradients>>;

const attributesOf = (node: NodeProto) => ({
  pads: integersAttribute(node, 'pads') ?? [0, 0, 0, 0],
  strides: integersAttribute(node, 'strides') ?? [1, 1],
  dilations: integersAttribute(node, 'dilations') ?? [1, 1],
  kernel: integersAttribute(node, 'kernel_shape') ?? [],
  group: integerAttribute(node, 'group', 1),
  transA: integerAttribute(node, 'transA', 0),
  transB: integerAttribute(node, 'transB', 0),
  axis: integerAttribute(node, 'axis', 0),
  ceil: integerAttribute(node, 'ceil_mode', 0),
  counted: integerAttribute(node, 'count_include_pad', 0),
  size: integerAttribute(node, 'size', 1),
  alpha: floatAttribute(node, 'alpha', 0),
  beta: floatAttribute(node, 'beta', 0.75),
  bias: floatAttribute(node, 'bias', 1),
});

const asked = new Set(
  'Add AveragePool BatchNormalization Clip Concat Conv Div Gemm GlobalAveragePool HardSigmoid HardSwish LRN LeakyRelu MatMul MaxPool Mul Relu Sigmoid Sub'.split(
    ' ',
  ),
);

/** Whether PyTorch has the node in this form: its pools take one padding for both ends. */
export function torchKnows(node: NodeProto): boolean {
  const { pads } = attributesOf(node);
  const even = pads[0] === pads[2] && pads[1] === pads[3];
  return asked.has(node.opType) && (even || node.opType === 'Conv');
}

/** PyTorch's gradients for the same graphs and values, in double precision. */
export function torchGradients(cases: readonly Analytic[]): Record<string, number[]>[] {
  const request = cases.map(({ padded, constants, values, inputs, projection, outputShape }) => {
    const shapes = new Map(
      inputs.map(({ name, type }) => {
        const sizes = type?.value.case === 'tensorType' ? (type.value.value.shape?.dim ?? []) : [];
        return [name, sizes.map(({ value }) => Number(value.value))] as const;
      }),
    );
    return {
      nodes: padded.map((node) => ({
        op: node.opType,
        inputs: node.input,
        output: node.output[0],
        attributes: attributesOf(node),
      })),
      constants: Object.fromEntries(
        constants.map((proto) => [
          proto.name,
          {
            data: proto.dataType === DataType.FLOAT ? [...floatData(proto)] : integersOf(proto),
            shape: shapeOf(proto),
          },
        ]),
      ),
      values: Object.fromEntries(
        Object.entries(values).map(([name, data]) => [name, { data: [...data], shape: shapes.get(name) }]),
      ),
      projection: { data: [...projection], shape: outputShape },
    };
  });
  const output = execFileSync(python, ['-c', script], {
    input: JSON.stringify(request),
    maxBuffer: 64 * 2 ** 20,
  });
  return JSON.parse(output.toString()) as Record<string, number[]>[];
}
