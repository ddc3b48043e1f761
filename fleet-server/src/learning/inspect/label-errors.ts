export interface Scored {
  /** [n, classes], each row by a fit that has seen none of its group. */
  readonly probabilities: ArrayLike<number>;
  readonly classes: number;
  /** Class given by a person. */
  readonly labels: ArrayLike<number>;
  /** False where the fit had never seen the row's class. */
  readonly informed: readonly boolean[];
}

export interface Suspicion {
  readonly row: number;
  /** What the label likely should be. */
  readonly suggested: number;
  /** Probability of the suggestion minus that of the label, in (0, 1]. */
  readonly margin: number;
}

/** So much more probable that nobody would think the label right. */
const plain = 0.5;

/**
 * Labels that are probably wrong, the most striking first: confident learning (Northcutt et al. 2021) with pruning by
 * noise rate. A row counts for a class when its probability is at least the mean of the rows labelled so, and for the most
 * probable of these; how many rows of each label count for another class says how many labels are wrong, and the rows
 * that contradict their label most are those. Of few rows the count says little: a plain contradiction is one whatever it is.
 */
export function suspectLabels(scored: Scored): Suspicion[] {
  const { probabilities, classes, labels, informed } = scored;
  const at = (row: number, k: number) => probabilities[row * classes + k] as number;
  const judged = Array.from(informed.keys()).filter((row) => informed[row]);
  const wrong = noise(scored, judged);
  const suspicions: Suspicion[] = [];
  for (let label = 0; label < classes; label++) {
    const own = judged.filter((row) => labels[row] === label);
    for (let suggested = 0; suggested < classes; suggested++) {
      const count = Math.round(wrong[label * classes + suggested]!);
      if (suggested === label) continue;
      const contrary = own
        .map((row) => ({ row, suggested, margin: at(row, suggested) - at(row, label) }))
        .filter(({ margin }) => margin > 0)
        .sort((a, b) => b.margin - a.margin || a.row - b.row);
      suspicions.push(...contrary.filter(({ margin }, place) => place < count || margin >= plain));
    }
  }
  suspicions.sort((a, b) => b.margin - a.margin || a.row - b.row);
  const seen = new Set<number>();
  return suspicions.filter(({ row }) => !seen.has(row) && seen.add(row));
}

/** [classes, classes]: how many rows of a label are truly of a class, as the rows that are counted suggest. */
function noise({ probabilities, classes, labels }: Scored, judged: readonly number[]): Float64Array {
  const sums = new Float64Array(classes);
  const counts = new Float64Array(classes);
  for (const row of judged) {
    const label = labels[row] as number;
    sums[label]! += probabilities[row * classes + label] as number;
    counts[label]!++;
  }
  const joint = new Float64Array(classes * classes);
  const counted = new Float64Array(classes);
  for (const row of judged) {
    let guess = -1;
    let best = 0;
    for (let k = 0; k < classes; k++) {
      const probability = probabilities[row * classes + k] as number;
      if (counts[k]! === 0 || probability < sums[k]! / counts[k]! || (guess >= 0 && probability <= best))
        continue;
      guess = k;
      best = probability;
    }
    if (guess < 0) continue;
    const label = labels[row] as number;
    joint[label * classes + guess]!++;
    counted[label]!++;
  }
  return joint.map((value, cell) => {
    const label = Math.floor(cell / classes);
    return counted[label]! === 0 ? 0 : (value * counts[label]!) / counted[label]!;
  });
}
