import { access, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { LinesideError } from '@lineside/shared';
import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { normalisations } from '../architecture/preparations.js';
import { jobFiles } from './job-folder.js';

/** A classifier by its name in a Python library, to be written as ONNX. */
export interface ExportJob {
  /** `torchvision/resnet18` */
  readonly name: string;
  /** `file`: path of a state dict, of torch.save or safetensors. */
  readonly weights: 'pretrained' | 'random' | { readonly file: string };
}

/** Writes a job folder that needs nothing outside it but, for pretrained weights, what the library downloads. */
export async function writeExportJob(folder: string, { name, weights }: ExportJob): Promise<void> {
  await mkdir(join(folder, jobFiles.output), { recursive: true });
  const own = typeof weights === 'string' ? null : `weights${extname(weights.file)}`;
  if (typeof weights !== 'string' && own) await symlink(weights.file, join(folder, own));
  const job = {
    ...{ v: 1, task: 'export', name, output: jobFiles.output },
    weights: own ? { source: own } : weights,
  };
  await writeFile(join(folder, jobFiles.job), JSON.stringify(job));
}

const Exported = Type.Object({
  v: Type.Literal(1),
  inputSize: Type.Integer({ minimum: 1 }),
  normalisation: Type.Enum(normalisations),
  origin: Type.String({ minLength: 1, maxLength: 300 }),
});
const validator = Compile(Exported);

/** What the trainer says of the net it wrote, and where that lies. @throws LinesideError `training_failed` */
export async function readExport(folder: string): Promise<Static<typeof Exported> & { path: string }> {
  const output = join(folder, jobFiles.output);
  try {
    const result: unknown = JSON.parse(await readFile(join(output, 'result.json'), 'utf8'));
    if (!validator.Check(result)) throw new Error('its result.json has another form');
    const path = join(output, 'model.onnx');
    await access(path);
    return { ...result, path };
  } catch (error) {
    throw new LinesideError('training_failed', `the trainer wrote no net: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
