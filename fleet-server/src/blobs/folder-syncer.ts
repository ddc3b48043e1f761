import { syncFolder } from '../files/durable.js';

/**
 * Shares fsyncs of folders: whoever asks while one is running waits for the next, and all who wait share it. A sync
 * that began before a rename says nothing of that rename, so the running one is never joined.
 */
export class FolderSyncer {
  private readonly running = new Map<string, Promise<void>>();
  private readonly next = new Map<string, Promise<void>>();

  constructor(private readonly sync: (path: string) => Promise<void> = syncFolder) {}

  request(path: string): Promise<void> {
    const running = this.running.get(path);
    if (!running) return this.start(path);
    let next = this.next.get(path);
    if (!next) {
      next = running.then(
        () => this.follow(path),
        () => this.follow(path),
      );
      this.next.set(path, next);
    }
    return next;
  }

  private follow(path: string): Promise<void> {
    this.next.delete(path);
    return this.start(path);
  }

  private start(path: string): Promise<void> {
    const done = this.sync(path).finally(() => {
      if (this.running.get(path) === done) this.running.delete(path);
    });
    this.running.set(path, done);
    return done;
  }
}
