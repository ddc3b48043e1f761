import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static, type TSchema } from 'typebox';

/** Roles in rising order; each may do what the ones before it may. */
export const roles = ['viewer', 'operator', 'engineer', 'admin'] as const;
export type Role = (typeof roles)[number];
export const Role = Type.Enum(roles);

/** Whether a role may do what asks for at least another. */
export const mayAs = (role: Role, least: Role): boolean => roles.indexOf(role) >= roles.indexOf(least);

/** Whoever made the request, once session cookie or API key are checked. */
export interface Actor {
  id: string;
  email: string;
  name: string;
  role: Role;
  /** They have to turn on a second factor before anything else. */
  enrolling?: boolean;
  /** Present: a program acts for this person with one of their keys. */
  apiKeyId?: string;
}

const acting = new AsyncLocalStorage<Actor>();

/** Who made the request that is being handled; undefined outside of one. */
export const currentActor = (): Actor | undefined => acting.getStore();

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | null;
  }
  interface FastifyContextConfig {
    /** Least role that may call the route; `public` needs no session. */
    access?: Role | 'public';
    /** Only for people at a browser: no API key reaches it. */
    personOnly?: boolean;
    /** Open also to who has yet to turn on the second factor that their role needs. */
    whileEnrolling?: boolean;
  }
}

/** One route of the API, declared once: its schemas are the validator, the handler's types and the OpenAPI text. */
export interface Route<P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  summary: string;
  tag: string;
  access: Role | 'public';
  /** Passwords, people and keys: what a leaked key must not be able to make itself at home with. */
  personOnly?: boolean;
  /** Open also to who has yet to turn on the second factor that their role needs. */
  whileEnrolling?: boolean;
  params?: P;
  query?: Q;
  body?: B;
  /** Absent: the handler sends raw bytes or a stream by itself. */
  response?: R;
  /** Content type of an answer that is not JSON. */
  produces?: 'image/jpeg' | 'image/png' | 'text/plain' | 'text/csv' | 'application/x-tar' | 'application/zip';
  /** So often a minute a person may ask this of one thing (`:id`); absent: no limit. */
  perMinute?: number;
  /** Success status, 200 by default. */
  status?: 200 | 201 | 202 | 204;
  /** Content type of a request body that is not JSON: it arrives as a Buffer. */
  consumes?: string[];
}

export const defineRoute = <
  P extends TSchema = TSchema,
  Q extends TSchema = TSchema,
  B extends TSchema = TSchema,
  R extends TSchema = TSchema,
>(
  route: Route<P, Q, B, R>,
): Route<P, Q, B, R> => route;

export interface RouteInput<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  /** The signed-in user; on a public route a nobody with role `viewer` and an empty id. */
  actor: Actor;
  request: FastifyRequest;
  reply: FastifyReply;
}

export const ErrorBody = Type.Object(
  {
    error: Type.Object({
      code: Type.String({ description: 'Stable, from the registry of coded errors' }),
      message: Type.String(),
      requestId: Type.String(),
    }),
  },
  { $id: 'Error' },
);

const raw = (type: string) => ({
  description: 'As it is',
  content: {
    [type]: {
      schema: Type.Unsafe<unknown>({
        type: 'string',
        ...(type.startsWith('text/') ? {} : { format: 'binary' }),
      }),
    },
  },
});

const limitOf = (perMinute: number) => ({
  max: perMinute,
  timeWindow: '1 minute',
  keyGenerator: (request: FastifyRequest) =>
    `${request.actor?.id ?? request.ip} ${(request.params as { id?: string }).id ?? ''}`,
});

const nobody: Actor = { id: '', email: '', name: '', role: 'viewer' };

/** Mounts a declared route with its handler. */
export function mount<P extends TSchema, Q extends TSchema, B extends TSchema, R extends TSchema>(
  app: FastifyInstance,
  route: Route<P, Q, B, R>,
  handler: (
    input: RouteInput<Static<P>, Static<Q>, Static<B>>,
  ) => Promise<Static<R> | FastifyReply> | Static<R> | FastifyReply,
): void {
  const status = route.status ?? 200;
  app.route({
    method: route.method,
    url: route.url,
    config: {
      access: route.access,
      ...(route.personOnly ? { personOnly: true } : {}),
      ...(route.whileEnrolling ? { whileEnrolling: true } : {}),
      ...(route.perMinute ? { rateLimit: limitOf(route.perMinute) } : {}),
    },
    schema: {
      summary: route.summary,
      tags: [route.tag],
      ...(route.consumes ? { consumes: route.consumes } : {}),
      ...(route.params ? { params: route.params } : {}),
      ...(route.query ? { querystring: route.query } : {}),
      ...(route.body && !route.consumes ? { body: route.body } : {}),
      ...(route.response ? { response: { [status]: route.response, default: ErrorBody } } : {}),
      ...(route.produces ? { response: { [status]: raw(route.produces), default: ErrorBody } } : {}),
    },
    async handler(request, reply) {
      reply.code(status);
      const actor = request.actor ?? nobody;
      return acting.run(actor, () =>
        handler({
          params: request.params as Static<P>,
          query: request.query as Static<Q>,
          body: request.body as Static<B>,
          actor,
          request,
          reply,
        }),
      );
    },
  });
}
