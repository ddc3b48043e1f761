import { ReportedState } from '@lineside/shared';

/** The reported state of a device without cameras, as the protocol wants it. */
export const reportedState = (over: Partial<ReportedState> = {}): ReportedState =>
  ReportedState.parse({
    v: 1,
    at: 0,
    agentVersion: '0.0.0',
    desiredRevision: 0,
    model: null,
    update: { phase: 'idle' },
    backend: { requested: 'cpu', actual: 'cpu', degraded: false },
    hardware: { arch: 'x64', model: 'test' },
    cameras: [],
    shadow: null,
    config: { revision: 0, phase: 'own', effective: {} },
    alarms: [],
    ...over,
  });
