/** Answers of models that have seen nothing of the row's group. */
export interface OutOfFoldAnswers {
  /** [n, classes], before the temperature; rows without an answer hold zeros. */
  readonly logits: Float64Array;
  readonly answered: readonly boolean[];
  /** False where that model had never seen the row's class, so its answer says nothing of the final model. */
  readonly informed: readonly boolean[];
  readonly folds: number;
}
