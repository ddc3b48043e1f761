import type { Decision } from '@lineside/shared';
import type { AuditEntry, AuditVerification } from '../features/audit/schemas.js';
import type { ClassItem } from '../features/classes/schemas.js';
import type { DatasetUse } from '../features/dataset-versions/schemas.js';
import type { DatasetVersion } from '../features/datasets/schemas.js';
import type { Device, PlannedDevice } from '../features/devices/schemas.js';
import type { Frame, LabelRevision } from '../features/frames/schemas.js';
import type { Answer, ReviewItem } from '../features/labelling/schemas.js';
import type { ModelVersion } from '../features/models/schemas.js';
import type { Strategy } from '../features/rollouts/plan.js';
import type { Execution, Rollout } from '../features/rollouts/schemas.js';
import type { RolloutEvent } from '../features/rollouts/timeline.js';
import type { SweepBody, SweepTable } from '../features/sweeps/schemas.js';
import type { TrainingRun } from '../features/training/schemas.js';
import type { StartBody } from '../features/training/service.js';
import type { User } from '../features/users/schemas.js';

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

/** The public API as a user's script would call it: a cookie or an API key, JSON in and out. */
export class ApiClient {
  #cookie = '';
  /** @param apiKey absent: sign in first */
  constructor(
    readonly baseUrl: string,
    private readonly apiKey?: string,
  ) {}

  /** An answer that is a success, its body unread. @throws ApiError */
  async raw(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(`${this.baseUrl}/api/v1${path}`, {
      method,
      ...init,
      // What Node asks for where a body is a stream; it does not change others.
      ...({ duplex: 'half' } as object),
      headers: {
        ...(this.apiKey ? { authorization: `Bearer ${this.apiKey}` } : {}),
        ...(this.#cookie ? { cookie: this.#cookie } : {}),
        ...(method === 'GET' ? {} : { 'x-lineside-csrf': '1' }),
        ...(init.headers as Record<string, string> | undefined),
      },
    });
    const cookie = response.headers.getSetCookie()[0];
    if (cookie) this.#cookie = cookie.split(';')[0] ?? '';
    if (response.ok) return response;
    const text = await response.text();
    let error: { code: string; message: string } | undefined;
    try {
      error = (JSON.parse(text) as { error?: typeof error }).error;
    } catch {
      // Not the fleet server's own answer, such as that of a proxy.
    }
    throw new ApiError(response.status, error?.code ?? 'unknown', error?.message ?? text.slice(0, 200));
  }

  async request<T>(
    method: string,
    path: string,
    body?: unknown,
    options: { type?: string; signal?: AbortSignal } = {},
  ): Promise<T> {
    const response = await this.raw(method, path, {
      ...(body === undefined
        ? {}
        : {
            body: options.type ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
            headers: { 'content-type': options.type ?? 'application/json' },
          }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
    const text = await response.text();
    return (text ? JSON.parse(text) : undefined) as T;
  }

  /** Every item of a list that comes page by page. */
  async *pages<T>(path: string, query = ''): AsyncGenerator<T> {
    let cursor: string | null = '';
    while (cursor !== null) {
      const from: string = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
      const page: { items: T[]; nextCursor: string | null } = await this.request(
        'GET',
        `${path}?limit=500${query}${from}`,
      );
      yield* page.items;
      cursor = page.nextCursor;
    }
  }

  /** Signs in with the one-time link that the server printed. */
  async signInByLink(signInUrl: string): Promise<void> {
    await this.request('POST', '/auth/link', { token: new URL(signInUrl).searchParams.get('token') });
  }

  signIn = (email: string, password: string, code?: string) =>
    this.request('POST', '/auth/sign-in', { email, password, ...(code ? { code } : {}) });
  listUsers = () => this.request<{ items: User[] }>('GET', '/users').then((page) => page.items);
  setPassword = (password: string) => this.request('PUT', '/auth/password', { password });

  createClass = (name: string) => this.request<ClassItem>('POST', '/classes', { name });
  listClasses = () => this.request<{ items: ClassItem[] }>('GET', '/classes').then((page) => page.items);

  createClaimToken = (name: string, validMinutes?: number) =>
    this.request<{ token: string; enrolUrl: string; expiresAt: string }>('POST', '/devices/claim-tokens', {
      name,
      ...(validMinutes === undefined ? {} : { validMinutes }),
    });
  createClaimTokens = (body: { devices: PlannedDevice[]; validMinutes?: number }) =>
    this.request<{ enrolUrl: string; expiresAt: string; items: { name: string; token: string }[] }>(
      'POST',
      '/devices/claim-token-list',
      body,
    );
  getDevice = (id: string) => this.request<Device>('GET', `/devices/${encodeURIComponent(id)}`);
  revokeDevice = (id: string) =>
    this.request<Device>('POST', `/devices/${encodeURIComponent(id)}/revoke`, {});
  listDevices = () => this.request<{ items: Device[] }>('GET', '/devices').then((page) => page.items);
  infer = (deviceId: string, image: Uint8Array, type: string) =>
    this.request<Decision>('POST', `/devices/${deviceId}/infer`, image, { type });

  countFrames = () =>
    this.request<{ total: number; labelled: number; byDevice: Record<string, number>; quarantined: number }>(
      'GET',
      '/frames/count',
    );
  /** Every stored frame, newest first. */
  listFrames = (query = '') => this.pages<Frame>('/frames', query);
  labelFrame = (id: string, classId: string, requestId: string) =>
    this.request<LabelRevision>('POST', `/frames/${id}/labels`, { requestId, classId });

  lease = (count: number) =>
    this.request<{ items: ReviewItem[]; queued: number }>('POST', '/review/leases', { count });
  answer = (body: { requestId: string; frameId: string; token: number; answer: Answer }) =>
    this.request<{ label: LabelRevision; secondOpinion: boolean }>('POST', '/review/answers', body);
  orderQueue = () => this.request<{ ordered: number; method: string }>('POST', '/review/order', {});

  listDatasets = () =>
    this.request<{ items: DatasetVersion[] }>('GET', '/datasets').then((page) => page.items);
  dataset = (id: string) => this.request<DatasetVersion>('GET', `/datasets/${encodeURIComponent(id)}`);
  /** Runs that learned from it, newest first. */
  datasetUses = async (id: string): Promise<DatasetUse[]> => {
    const { items } = await this.request<{ items: { datasetId: string; uses: DatasetUse[] }[] }>(
      'GET',
      '/datasets/uses',
    );
    return items.find(({ datasetId }) => datasetId === id)?.uses ?? [];
  };
  createDataset = () => this.request<DatasetVersion>('POST', '/datasets', {});
  startTraining = (body: StartBody = {}) => this.request<TrainingRun>('POST', '/training/runs', body);
  startSweep = (body: SweepBody) => this.request<TrainingRun>('POST', '/training/sweeps', body);
  getSweep = (id: string) => this.request<SweepTable>('GET', `/training/runs/${id}/sweep`);
  cancelTraining = (id: string) => this.request<TrainingRun>('POST', `/training/runs/${id}/cancel`);
  listTrainings = () =>
    this.request<{ items: TrainingRun[] }>('GET', '/training/runs').then((page) => page.items);
  getTraining = (id: string) => this.request<TrainingRun>('GET', `/training/runs/${id}`);
  listModels = () => this.request<{ items: ModelVersion[] }>('GET', '/models').then((page) => page.items);

  getModel = (id: string) => this.request<ModelVersion>('GET', `/models/${encodeURIComponent(id)}`);

  /** Newest first; `query` begins with `&`. */
  listAudit = (query = '') => this.pages<AuditEntry>('/audit', query);
  verifyAudit = (kept?: string) =>
    this.request<AuditVerification>(
      'GET',
      `/audit/verification${kept ? `?kept=${encodeURIComponent(kept)}` : ''}`,
    );

  listRollouts = () => this.request<{ items: Rollout[] }>('GET', '/rollouts').then((page) => page.items);
  createRollout = (modelVersionId: string, strategy: Strategy, start = true) =>
    this.request<Rollout>('POST', '/rollouts', { modelVersionId, strategy, start });
  getRollout = (id: string) =>
    this.request<{ rollout: Rollout; executions: Execution[]; events: RolloutEvent[] }>(
      'GET',
      `/rollouts/${id}`,
    );
  rolloutAction = (id: string, action: 'approve' | 'start' | 'pause' | 'resume' | 'abort' | 'roll-back') =>
    this.request<Rollout>('POST', `/rollouts/${id}/${action}`, {});
}
