import { checkAgentConfig, type Decision, type LinesideError } from '@lineside/shared';
import type { Test } from 'tap';
import type { OutputCounts } from '../../src/health/statistics.js';
import { Statistics } from '../../src/health/statistics.js';
import { createOutputs, outputNames } from '../../src/outputs/create-outputs.js';
import type { DecisionEvent, LocalOutput } from '../../src/outputs/decision-sink.js';

export interface Emitted {
  camera?: string;
  classId?: string;
  accepted?: boolean;
  /** How long ago the frame was captured. */
  ageMs?: number;
  decision?: null;
}

/** One output as the agent makes it from its configuration. */
export interface Harness {
  readonly output: LocalOutput;
  readonly statistics: Statistics;
  readonly counts: OutputCounts;
  readonly errors: LinesideError[];
  /** Hands a decision over; its number in the order of emitting is the frame's sequence. */
  emit(decided?: Emitted): DecisionEvent;
  /** Decisions that came to an end, one way or the other. */
  readonly ended: number;
}

const camera = (id: string) => ({ id, source: { kind: 'synthetic', framesPerSecond: 1000 } });

export function startOutput(t: Test, fields: object, cameras: object[] = [camera('cam')]): Harness {
  const config = checkAgentConfig({ cameras, outputs: [fields] });
  const statistics = new Statistics();
  const errors: LinesideError[] = [];
  const [output] = createOutputs(config.outputs, {
    cameras: config.cameras,
    statistics,
    onError: (error) => errors.push(error),
    monotonicMs: () => performance.now(),
  });
  const [name] = outputNames(config.outputs);
  if (!output || name === undefined) throw new Error('no output was made');
  t.teardown(() => output.close());
  output.start();
  const counts = statistics.output(name);
  let sequence = 0;
  return {
    output,
    statistics,
    counts,
    errors,
    get ended() {
      return counts.delivered + counts.failed;
    },
    emit(decided = {}) {
      const event = decisionEvent(sequence++, decided);
      output.emit(event);
      return event;
    },
  };
}

function decisionEvent(sequence: number, decided: Emitted): DecisionEvent {
  const { accepted = true, ageMs = 0, camera: cameraId = 'cam', classId = 'good' } = decided;
  const decision: Decision = {
    modelVersion: 'm1',
    classId,
    confidence: 0.9,
    margin: 0.8,
    accepted,
    probabilities: { [classId]: 0.9 },
    latencyMs: 5,
  };
  return {
    cameraId,
    sequence,
    capturedAt: Date.now() - ageMs,
    capturedAtMonotonicMs: performance.now() - ageMs,
    decision: decided.decision === null ? null : decision,
    reasons: [],
  };
}
