import type { ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON } from '@grpc/proto-loader';

const field = (type: string, id: number) => ({ type, id });
const repeated = (type: string, id: number) => ({ rule: 'repeated', type, id });
const parameters = (id: number) => ({ keyType: 'string', type: 'InferParameter', id });
const reference = { name: field('string', 1), version: field('string', 2) };
const tensor = {
  name: field('string', 1),
  datatype: field('string', 2),
  shape: repeated('int64', 3),
  parameters: parameters(4),
};
const call = (name: string) => ({ requestType: `${name}Request`, responseType: `${name}Response` });

/**
 * `inference.GRPCInferenceService` of the Open Inference Protocol V2 (KServe), as far as an agent uses it, with the model
 * repository extension. Tensors travel as raw contents only. In code rather than in a .proto file, so that nothing has to
 * be found or packed beside it.
 */
const definition = {
  nested: {
    inference: {
      nested: {
        GRPCInferenceService: {
          methods: {
            ServerReady: call('ServerReady'),
            ModelReady: call('ModelReady'),
            ModelMetadata: call('ModelMetadata'),
            ModelInfer: call('ModelInfer'),
            RepositoryModelLoad: call('RepositoryModelLoad'),
            RepositoryModelUnload: call('RepositoryModelUnload'),
          },
        },
        ServerReadyRequest: { fields: {} },
        ServerReadyResponse: { fields: { ready: field('bool', 1) } },
        ModelReadyRequest: { fields: reference },
        ModelReadyResponse: { fields: { ready: field('bool', 1) } },
        ModelMetadataRequest: { fields: reference },
        ModelMetadataResponse: {
          fields: {
            name: field('string', 1),
            versions: repeated('string', 2),
            platform: field('string', 3),
            inputs: repeated('TensorMetadata', 4),
            outputs: repeated('TensorMetadata', 5),
          },
          nested: {
            TensorMetadata: {
              fields: { name: field('string', 1), datatype: field('string', 2), shape: repeated('int64', 3) },
            },
          },
        },
        ModelInferRequest: {
          fields: {
            modelName: field('string', 1),
            modelVersion: field('string', 2),
            id: field('string', 3),
            parameters: parameters(4),
            inputs: repeated('InferInputTensor', 5),
            outputs: repeated('InferRequestedOutputTensor', 6),
            rawInputContents: repeated('bytes', 7),
          },
          nested: {
            InferInputTensor: { fields: tensor },
            InferRequestedOutputTensor: { fields: { name: field('string', 1), parameters: parameters(2) } },
          },
        },
        ModelInferResponse: {
          fields: {
            modelName: field('string', 1),
            modelVersion: field('string', 2),
            id: field('string', 3),
            parameters: parameters(4),
            outputs: repeated('InferOutputTensor', 5),
            rawOutputContents: repeated('bytes', 6),
          },
          nested: { InferOutputTensor: { fields: tensor } },
        },
        InferParameter: {
          oneofs: { parameterChoice: { oneof: ['boolParam', 'int64Param', 'stringParam'] } },
          fields: {
            boolParam: field('bool', 1),
            int64Param: field('int64', 2),
            stringParam: field('string', 3),
          },
        },
        RepositoryModelLoadRequest: {
          fields: { repositoryName: field('string', 1), modelName: field('string', 2) },
        },
        RepositoryModelLoadResponse: { fields: {} },
        RepositoryModelUnloadRequest: {
          fields: { repositoryName: field('string', 1), modelName: field('string', 2) },
        },
        RepositoryModelUnloadResponse: { fields: {} },
      },
    },
  },
};

export type Method =
  | 'ServerReady'
  | 'ModelReady'
  | 'ModelMetadata'
  | 'ModelInfer'
  | 'RepositoryModelLoad'
  | 'RepositoryModelUnload';

export type InferenceService = ServiceDefinition & Record<Method, ServiceDefinition[string]>;

/** Path, serialiser and deserialiser of each method. */
export function inferenceService(): InferenceService {
  const json = definition as Parameters<typeof fromJSON>[0];
  const loaded = fromJSON(json, { longs: Number, defaults: true, arrays: true });
  return loaded['inference.GRPCInferenceService'] as unknown as InferenceService;
}
