/** So many processes of a device are remembered: a device that restarts has a new name each time. */
const remembered = 16;

/**
 * Notices an identity that two machines use. Every process of an agent has a random name of its own, which it shows when
 * it connects. A process that was replaced by another and comes back shows that both live: a restart never goes back
 * to an earlier name, and nobody else knows it.
 */
export class CloneWatch {
  private readonly seen = new Map<string, string[]>();

  /**
   * A process of the device connects.
   * @param instance empty: it shows no name, as agents of before
   * @returns whether another process took its place meanwhile
   */
  connects(deviceId: string, instance: string): boolean {
    if (instance === '') return false;
    const before = this.seen.get(deviceId) ?? [];
    if (before.at(-1) === instance) return false;
    this.seen.set(deviceId, [...before, instance].slice(-remembered));
    return before.includes(instance);
  }

  /** A person has looked: what was before counts no more. */
  forget(deviceId: string): void {
    this.seen.delete(deviceId);
  }
}
