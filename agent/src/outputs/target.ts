export interface TargetEvents {
  /** Something may be sent now. */
  onReady(): void;
  /** The target cannot be reached; it is tried again. */
  onTrouble(cause: string): void;
  /** What was set is no longer in force. */
  onLost(cause: string): void;
}

/** The far end of an output. */
export interface Target<T> {
  /** Whether something sent now has a chance to arrive. */
  readonly ready: boolean;
  /** Begins to reach the target, and goes on trying until it is closed. */
  start(events: TargetEvents): void;
  /** Delivers once or rejects, at the latest when the signal aborts; after that nothing more is sent. */
  send(item: T, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
