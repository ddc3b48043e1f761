import { type Command, type CommandMessage, type ResultMessage, toLinesideError } from '@lineside/shared';

export type CommandResult = Omit<ResultMessage, 'v' | 'id'>;
export type CommandHandler = (command: Command) => Promise<CommandResult>;

const rememberedIds = 256;

/** Answers each command once, however often it is delivered, and only so many at one time. */
export class CommandRunner {
  readonly #maximum: number;
  readonly #seen = new Set<string>();
  #running = 0;
  handler: CommandHandler | null = null;

  constructor(maximum = 8) {
    this.#maximum = maximum;
  }

  /** @returns null for a command that was delivered before */
  async run(message: CommandMessage): Promise<ResultMessage | null> {
    const { id, command } = message;
    if (this.#seen.has(id)) return null;
    this.#remember(id);
    return { v: 1, id, ...(await this.#answer(command)) };
  }

  async #answer(command: Command): Promise<CommandResult> {
    if (!this.handler) return { ok: false, code: 'unavailable', message: 'the agent is starting' };
    if (this.#running >= this.#maximum) {
      return { ok: false, code: 'rate_limited', message: `${this.#running} commands are running` };
    }
    this.#running++;
    try {
      return await this.handler(command);
    } catch (error) {
      const { code, message } = toLinesideError(error);
      return { ok: false, code, message: message.slice(0, 500) };
    } finally {
      this.#running--;
    }
  }

  #remember(id: string): void {
    this.#seen.add(id);
    const [oldest] = this.#seen;
    if (this.#seen.size > rememberedIds && oldest !== undefined) this.#seen.delete(oldest);
  }
}
