import type { Decision } from '@lineside/shared';
import type { AuditVerification } from '../features/audit/schemas.js';
import type { ClassItem } from '../features/classes/schemas.js';
import type { DatasetVersion } from '../features/datasets/schemas.js';
import type { Device } from '../features/devices/schemas.js';
import type { Frame, LabelRevision } from '../features/frames/schemas.js';
import type { Answer, ReviewItem } from '../features/labelling/schemas.js';
import type { ModelVersion } from '../features/models/schemas.js';
import type { Strategy } from '../features/rollouts/plan.js';
import type { Execution, Rollout } from '../features/rollouts/schemas.js';
import type { SweepBody, SweepTable } from '../features/sweeps/schemas.js';
import type { TrainingRun } from '../features/training/schemas.js';
import type { TuneMode } from '../learning/tuning/modes.js';

/** An answer of the API that is not a success. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(`${status} ${code}: ${message}`);
  }
}

/** The public API as a user's script would call it: one cookie, JSON in and out. */
export class ApiClient {
  #cookie = '';
  constructor(readonly baseUrl: string) {}

  async request<T>(
    method: string,
    path: string,
    body?: unknown,
    options: { type?: string; signal?: AbortSignal } = {},
  ): Promise<T> {
    const response = await fetch(`${this.baseUrl}/api/v1${path}`, {
      method,
      headers: {
        ...(this.#cookie ? { cookie: this.#cookie } : {}),
        ...(method === 'GET' ? {} : { 'x-lineside-csrf': '1' }),
        ...(body === undefined ? {} : { 'content-type': options.type ?? 'application/json' }),
      },
      ...(body === undefined
        ? {}
        : { body: options.type ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const cookie = response.headers.getSetCookie()[0];
    if (cookie) this.#cookie = cookie.split(';')[0] ?? '';
    const text = await response.text();
    if (!response.ok) {
      const error = (JSON.parse(text || '{}') as { error?: { code: string; message: string } }).error;
      throw new ApiError(response.status, error?.code ?? 'unknown', error?.message ?? text.slice(0, 200));
    }
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** Signs in with the one-time link that the server printed. */
  async signInByLink(signInUrl: string): Promise<void> {
    await this.request('POST', '/auth/link', { token: new URL(signInUrl).searchParams.get('token') });
  }

  signIn = (email: string, password: string) => this.request('POST', '/auth/sign-in', { email, password });
  setPassword = (password: string) => this.request('PUT', '/auth/password', { password });

  createClass = (name: string) => this.request<ClassItem>('POST', '/classes', { name });
  listClasses = () => this.request<{ items: ClassItem[] }>('GET', '/classes').then((page) => page.items);

  createClaimToken = (name: string) =>
    this.request<{ token: string; enrolUrl: string }>('POST', '/devices/claim-tokens', { name });
  listDevices = () => this.request<{ items: Device[] }>('GET', '/devices').then((page) => page.items);
  infer = (deviceId: string, image: Uint8Array, type: string) =>
    this.request<Decision>('POST', `/devices/${deviceId}/infer`, image, { type });

  countFrames = () =>
    this.request<{ total: number; labelled: number; byDevice: Record<string, number>; quarantined: number }>(
      'GET',
      '/frames/count',
    );
  /** Every stored frame, newest first. */
  async *listFrames(query = ''): AsyncGenerator<Frame> {
    let cursor: string | null = '';
    while (cursor !== null) {
      const from: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
      const page: { items: Frame[]; nextCursor: string | null } = await this.request(
        'GET',
        `/frames?limit=500${query}${from}`,
      );
      yield* page.items;
      cursor = page.nextCursor;
    }
  }
  labelFrame = (id: string, classId: string, requestId: string) =>
    this.request<LabelRevision>('POST', `/frames/${id}/labels`, { requestId, classId });

  lease = (count: number) =>
    this.request<{ items: ReviewItem[]; queued: number }>('POST', '/review/leases', { count });
  answer = (body: { requestId: string; frameId: string; token: number; answer: Answer }) =>
    this.request<{ label: LabelRevision; secondOpinion: boolean }>('POST', '/review/answers', body);
  orderQueue = () => this.request<{ ordered: number; method: string }>('POST', '/review/order', {});

  createDataset = () => this.request<DatasetVersion>('POST', '/datasets', {});
  startTraining = (body: { datasetVersionId?: string; alpha?: number; mode?: TuneMode } = {}) =>
    this.request<TrainingRun>('POST', '/training/runs', body);
  startSweep = (body: SweepBody) => this.request<TrainingRun>('POST', '/training/sweeps', body);
  getSweep = (id: string) => this.request<SweepTable>('GET', `/training/runs/${id}/sweep`);
  cancelTraining = (id: string) => this.request<TrainingRun>('POST', `/training/runs/${id}/cancel`);
  getTraining = (id: string) => this.request<TrainingRun>('GET', `/training/runs/${id}`);
  listModels = () => this.request<{ items: ModelVersion[] }>('GET', '/models').then((page) => page.items);

  verifyAudit = (kept?: string) =>
    this.request<AuditVerification>(
      'GET',
      `/audit/verification${kept ? `?kept=${encodeURIComponent(kept)}` : ''}`,
    );

  listRollouts = () => this.request<{ items: Rollout[] }>('GET', '/rollouts').then((page) => page.items);
  createRollout = (modelVersionId: string, strategy: Strategy, start = true) =>
    this.request<Rollout>('POST', '/rollouts', { modelVersionId, strategy, start });
  getRollout = (id: string) =>
    this.request<{ rollout: Rollout; executions: Execution[] }>('GET', `/rollouts/${id}`);
  rolloutAction = (id: string, action: 'start' | 'pause' | 'resume' | 'abort' | 'roll-back') =>
    this.request<Rollout>('POST', `/rollouts/${id}/${action}`, {});
}
