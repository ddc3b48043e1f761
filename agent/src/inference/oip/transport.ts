/** What a model of the engine takes and gives, as its metadata says. */
export interface ModelMetadata {
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}

export interface TensorMetadata {
  readonly name: string;
  /** UINT8, FP32, … */
  readonly datatype: string;
}

export interface ModelReference {
  readonly name: string;
  /** Absent: the engine chooses. */
  readonly version?: string;
}

export interface InferOrder extends ModelReference {
  readonly input: string;
  readonly shape: readonly number[];
  /** uint8, in the order of `shape`. */
  readonly data: Buffer;
  readonly outputs: readonly string[];
}

export interface OutputTensor {
  readonly datatype: string;
  /** Little-endian. */
  readonly data: Buffer;
}

/**
 * The calls of the Open Inference Protocol V2 that an agent makes. Every call throws LinesideError: `backend_unreachable`
 * when the engine does not answer, is not ready or no longer has the model, and another code when it refuses the request.
 */
export interface OipTransport {
  readonly name: 'oip-http' | 'oip-grpc';
  serverReady(): Promise<boolean>;
  modelReady(model: ModelReference): Promise<boolean>;
  metadata(model: ModelReference): Promise<ModelMetadata>;
  /**
   * Asks for what is in the engine's repository, which may take as long as compiling takes. Resolves also when the engine
   * has no such call, because it then watches its repository itself.
   * @throws LinesideError `model_invalid` when the engine cannot load it
   */
  load(name: string, timeoutMs: number, signal?: AbortSignal): Promise<void>;
  unload(name: string): Promise<void>;
  /** @throws LinesideError `inference_failed` when the engine refuses the tensors */
  infer(order: InferOrder, timeoutMs: number): Promise<Map<string, OutputTensor>>;
  close(): void;
}

/** For calls that the engine answers without computing. */
export const statusTimeoutMs = 5000;
