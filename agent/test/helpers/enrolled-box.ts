import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Command,
  CommandMessage,
  DesiredState,
  decodeMessage,
  encodeMessage,
  ReportedState,
  ResultMessage,
} from '@lineside/shared';
import type { Test } from 'tap';
import { parseConfig } from '../../src/config.js';
import type { Identity } from '../../src/enrol/identity.js';
import { type Agent, type AgentPorts, createAgent } from '../../src/runtime.js';
import { createTestAuthority, type TestAuthority } from '../enrol/test-authority.js';
import { identityFor, startBroker, type TestBroker } from '../uplink/test-broker.js';
import { until } from './until.js';

/** An enrolled camera box and the broker it talks to. */
export interface EnrolledBox {
  readonly root: string;
  readonly stateDir: string;
  readonly authority: TestAuthority;
  readonly broker: TestBroker;
  /** A new agent on the same state folder. */
  agent(config: Record<string, unknown>, ports?: AgentPorts): Agent;
  reported(): ReportedState | null;
  desire(desired: Omit<DesiredState, 'v'>): Promise<void>;
  command(command: Command): Promise<ResultMessage>;
}

/** @param change of its identity, by the authority of the fleet */
export async function enrolledBox(
  test: Test,
  change: (authority: TestAuthority) => Promise<Partial<Identity>> = async () => ({}),
): Promise<EnrolledBox> {
  const authority = await createTestAuthority();
  const broker = await startBroker(authority);
  const root = await mkdtemp(join(tmpdir(), 'lineside-box-'));
  const agents: Agent[] = [];
  // One teardown, in this order: a folder that an agent still writes to cannot be removed.
  test.teardown(async () => {
    await Promise.all(agents.map((agent) => agent.stop()));
    await broker.close();
    await rm(root, { recursive: true });
  });
  const stateDir = join(root, 'state');
  await mkdir(join(stateDir, 'identity'), { recursive: true });
  const identity = { ...(await identityFor(authority, 'box-1', broker.url)), ...(await change(authority)) };
  await writeFile(join(stateDir, 'identity', 'identity.json'), JSON.stringify(identity));
  let commands = 0;
  return {
    root,
    stateDir,
    authority,
    broker,
    agent(config, ports = {}) {
      const agent = createAgent(parseConfig({ stateDir, ...config }), ports);
      agents.push(agent);
      return agent;
    },
    reported() {
      const payload = broker.retained('box-1', 'reported');
      return payload ? decodeMessage(ReportedState, payload) : null;
    },
    async desire(desired) {
      await until('the device to listen', () => agents.at(-1)?.health().connected === true);
      await broker.send('box-1', 'desired', encodeMessage(DesiredState, { v: 1, ...desired }));
    },
    async command(command) {
      const id = `c${++commands}`;
      await until('the device to listen', () => agents.at(-1)?.health().connected === true);
      await broker.send('box-1', 'command', encodeMessage(CommandMessage, { v: 1, id, command }));
      let answer: ResultMessage | undefined;
      await until(`the answer to ${command.kind}`, () => {
        answer = broker
          .of('result')
          .map(({ payload }) => decodeMessage(ResultMessage, payload))
          .find((result) => result.id === id);
        return answer !== undefined;
      });
      return answer as ResultMessage;
    },
  };
}
