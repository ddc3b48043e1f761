import type { TSchema } from 'typebox';
import Value from 'typebox/value';
import { LinesideError } from '../errors.js';
import { sourceSchemas, triggerSchemas } from './capture.js';
import { AgentConfig, RemoteSettings } from './index.js';
import { type OutputOf, outputSchemas } from './outputs.js';
import { splitArguments } from './split-arguments.js';

type Tree = { [key: string]: unknown };

const isTree = (value: unknown): value is Tree =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `/cameras/0/source` as a person writes it: `cameras[0].source`. */
const fieldName = (pointer: string): string =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`))
    .join('')
    .replace(/^\./, '') || 'the configuration';

function check(schema: TSchema, value: unknown, prefix: string): void {
  const error = Value.Errors(schema, value)[0];
  if (!error) return;
  const missing = error.keyword === 'required' ? error.params.requiredProperties[0] : undefined;
  const unknown = error.keyword === 'additionalProperties' ? error.params.additionalProperties[0] : undefined;
  const name = missing ?? unknown;
  const pointer = `${prefix}${error.instancePath}${name === undefined ? '' : `/${name}`}`;
  // A field that no schema names is matched against the schema `false`.
  const surplus = unknown !== undefined || error.keyword === 'boolean';
  const what = missing ? 'is required' : surplus ? 'is not a known field' : error.message;
  throw new LinesideError('config_invalid', `${fieldName(pointer)} ${what}`);
}

function attempt(field: string, parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    throw new LinesideError('config_invalid', `${field} ${(error as Error).message}`, { cause: error });
  }
}

/** A union only says that nothing matched; checking against the kind that was meant names the field. */
function checkKind(schemas: Record<string, TSchema>, value: unknown, pointer: string): unknown {
  if (!isTree(value)) return value;
  const known = Object.entries(schemas).find(([name]) => name === value.kind);
  if (!known) {
    const kinds = Object.keys(schemas).join(', ');
    throw new LinesideError('config_invalid', `${fieldName(`${pointer}/kind`)} must be one of ${kinds}`);
  }
  const filled = Value.Default(known[1], value);
  check(known[1], filled, pointer);
  return filled;
}

function checkRegion(region: unknown, field: string): void {
  if (!isTree(region)) return;
  for (const [start, length] of [
    ['left', 'width'],
    ['top', 'height'],
  ] as const) {
    // A little more than 1, because 0.1 + 0.9 may be.
    if (Number(region[start]) + Number(region[length]) > 1 + 1e-9) {
      throw new LinesideError('config_invalid', `${field} ${start} and ${length} reach beyond the picture`);
    }
  }
}

function checkCameras(tree: Tree): void {
  if (!Array.isArray(tree.cameras)) return;
  const seen = new Set<unknown>();
  for (const [index, camera] of tree.cameras.entries()) {
    if (!isTree(camera)) continue;
    if (seen.has(camera.id)) {
      throw new LinesideError('config_invalid', `cameras[${index}].id ${String(camera.id)} is used twice`);
    }
    seen.add(camera.id);
    camera.source = checkKind(sourceSchemas, camera.source, `/cameras/${index}/source`);
    if (camera.trigger !== undefined) {
      camera.trigger = checkKind(triggerSchemas, camera.trigger, `/cameras/${index}/trigger`);
    }
    checkRegion(camera.regionOfInterest, `cameras[${index}].regionOfInterest`);
    if (!isTree(camera.source)) continue;
    if (camera.trigger !== undefined && camera.source.kind === 'folder') {
      throw new LinesideError(
        'config_invalid',
        `cameras[${index}].trigger does not go with a folder, whose pictures are each decided once`,
      );
    }
    const { groupPattern, pipeline } = camera.source;
    if (typeof groupPattern === 'string') {
      attempt(`cameras[${index}].source.groupPattern`, () => new RegExp(groupPattern));
    }
    if (typeof pipeline === 'string') {
      attempt(`cameras[${index}].source.pipeline`, () => splitArguments(pipeline));
    }
  }
}

function checkOutputs(tree: Tree): void {
  if (!Array.isArray(tree.outputs)) return;
  const cameraIds = Array.isArray(tree.cameras)
    ? new Set(tree.cameras.map((camera) => (isTree(camera) ? camera.id : undefined)))
    : null;
  const names = new Set<unknown>();
  tree.outputs = tree.outputs.map((given, index) => {
    const output = checkKind(outputSchemas, given, `/outputs/${index}`);
    if (!isTree(output)) return output;
    const { cameras, name } = output;
    const refuse = (what: string): never => {
      throw new LinesideError('config_invalid', `outputs[${index}].${what}`);
    };
    if (name !== undefined && names.has(name)) refuse(`name ${String(name)} is used twice`);
    names.add(name);
    const stranger = cameraIds && (cameras as unknown[] | undefined)?.find((id) => !cameraIds.has(id));
    if (stranger) refuse(`cameras names ${String(stranger)}, which is not a camera`);
    if (output.kind === 'modbus' && output.table === 'coil') {
      const { safeValue, values } = output as OutputOf<'modbus'>;
      if ([safeValue, ...Object.values(values)].some((value) => value > 1))
        refuse('values must be 0 or 1 for a coil');
    }
    return output;
  });
}

function checkTree(tree: unknown, fill: (copy: Tree) => unknown, schema: TSchema): unknown {
  if (!isTree(tree)) throw new LinesideError('config_invalid', 'the configuration must be a JSON object');
  const copy = structuredClone(tree);
  checkCameras(copy);
  checkOutputs(copy);
  const filled = fill(copy);
  check(schema, filled, '');
  return filled;
}

/**
 * A whole configuration with its defaults filled in; `tree` stays as it is.
 * @throws LinesideError `config_invalid`, naming the field
 */
export const checkAgentConfig = (tree: unknown): AgentConfig =>
  checkTree(tree, (copy) => Value.Default(AgentConfig, copy), AgentConfig) as AgentConfig;

/**
 * Settings from afar: defaults are filled in inside the sections that are there, and those left out stay out, because
 * they are the device's own. `tree` stays as it is.
 * @throws LinesideError `config_invalid`, naming the field
 */
export const checkRemoteSettings = (tree: unknown): RemoteSettings =>
  checkTree(
    tree,
    (copy) => {
      const given = Object.keys(copy);
      const filled = Value.Default(RemoteSettings, copy) as Tree;
      return Object.fromEntries(given.map((section) => [section, filled[section]]));
    },
    RemoteSettings,
  ) as RemoteSettings;
