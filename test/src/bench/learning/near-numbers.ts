/**
 * Joins groups that are named by numbers into one where they are at most `gap` apart, from one to the next: pictures taken in
 * a row are often told by their running number alone.
 * @returns the group of each, named by its first number
 * @throws Error naming the group that is not a number
 */
export function joinNearNumbers(groups: readonly string[], gap: number): string[] {
  const numbers = groups.map((group) => {
    const number = /^\d+$/.test(group) ? Number(group) : Number.NaN;
    if (Number.isNaN(number)) throw new Error(`--group-gap needs numbers from --group-by; one is ${group}`);
    return number;
  });
  const firstOf = new Map<number, number>();
  let previous = Number.NEGATIVE_INFINITY;
  let first = 0;
  for (const number of [...new Set(numbers)].sort((a, b) => a - b)) {
    if (number - previous > gap) first = number;
    firstOf.set(number, first);
    previous = number;
  }
  return numbers.map((number) => String(firstOf.get(number)));
}
