/** Answer of the API, with its body read. */
export interface Answer<T = unknown> {
  status: number;
  body: T;
  headers: Headers;
}

/** A browser in short: keeps the session cookie and sends the header that the console sends. */
export class ApiClient {
  private cookie = '';

  constructor(readonly origin: string) {}

  async request<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    const raw = body instanceof Uint8Array;
    const response = await fetch(this.origin + path, {
      method,
      headers: {
        ...(this.cookie ? { cookie: this.cookie } : {}),
        ...(method === 'GET' ? {} : { 'x-lineside-csrf': '1' }),
        ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
    const set = response.headers.getSetCookie().find((line) => line.startsWith('lineside_session='));
    if (set) this.cookie = set.split(';')[0] ?? '';
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json');
    return {
      status: response.status,
      body: (isJson && text ? JSON.parse(text) : text) as T,
      headers: response.headers,
    };
  }

  /** Of a signed-in request that is made by hand. */
  get headers(): Record<string, string> {
    return { cookie: this.cookie, 'x-lineside-csrf': '1' };
  }

  get = <T = unknown>(path: string) => this.request<T>('GET', `/api/v1${path}`);
  post = <T = unknown>(path: string, body?: unknown, headers?: Record<string, string>) =>
    this.request<T>('POST', `/api/v1${path}`, body, headers);
  put = <T = unknown>(path: string, body?: unknown, headers?: Record<string, string>) =>
    this.request<T>('PUT', `/api/v1${path}`, body, headers);
  patch = <T = unknown>(path: string, body?: unknown) => this.request<T>('PATCH', `/api/v1${path}`, body);

  /** An answer whose body is read as it comes. */
  stream = (path: string) => fetch(`${this.origin}/api/v1${path}`, { headers: { cookie: this.cookie } });

  /** Code of an error answer. */
  static code(answer: Answer): string | undefined {
    return (answer.body as { error?: { code?: string } } | undefined)?.error?.code;
  }
}
