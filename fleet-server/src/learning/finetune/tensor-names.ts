/** Names of the training graph's and the forward graph's inputs and outputs, beside the crossing tensors and groups. */
export const tensorNames = {
  /** float32 [batch, classes]: soft targets, each row summing to one. */
  targets: 'finetune/targets',
  /** float32 [batch]: share of each picture in the loss; zero for the filling of a partial batch. */
  sampleWeights: 'finetune/sample_weights',
  learningRate: 'finetune/learning_rate',
  /** 1 / (1 − β₁ᵗ) and 1 / (1 − β₂ᵗ). */
  firstCorrection: 'finetune/first_correction',
  secondCorrection: 'finetune/second_correction',
  /** float32 [d]: the head reads (embedding − mean) · inverse. */
  headMean: 'finetune/head_mean',
  headInverse: 'finetune/head_inverse',
  loss: 'finetune/loss',
  logits: 'finetune/logits',
} as const;
