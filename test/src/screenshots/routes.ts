import { readFile } from 'node:fs/promises';
import type { BrowserContext } from 'playwright-core';
import ts from 'typescript';
import { parse } from '../i18n/texts.js';
import { until } from '../system/until.js';
import { runId } from './store.js';

const router = new URL('../../../../console/src/router.tsx', import.meta.url);

const valueFor = (node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined =>
  node.properties.filter(ts.isPropertyAssignment).find((property) => property.name.getText() === name)
    ?.initializer;

/** Paths of all pages that show something of their own, such as `/frames/$frameId`, from the source of the console's router. */
export async function routes(): Promise<string[]> {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node) && valueFor(node, 'component')) {
      const path = valueFor(node, 'path');
      if (path && ts.isStringLiteral(path)) found.push(path.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(parse(await readFile(router, 'utf8'), 'router.tsx'));
  return found.sort();
}

/** @throws Error with what the server said when it refuses */
export async function send(
  context: BrowserContext,
  method: 'get' | 'post' | 'put',
  url: string,
  data?: unknown,
) {
  const answer = await context.request[method](url, {
    headers: { 'x-lineside-csrf': '1' },
    timeout: 120_000,
    ...(data === undefined ? {} : { data }),
  });
  if (!answer.ok()) throw new Error(`${method} ${url}: ${answer.status()} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

/**
 * By route, where the pages are that show one thing of many; a rollout is staged for its page, and the queue is put in its order.
 * The store is that of `storePictured`.
 */
export async function pathsOf(context: BrowserContext, apiUrl: string): Promise<Record<string, string>> {
  const first = async (path: string) => {
    const { items } = (await send(context, 'get', `${apiUrl}/api/v1${path}`)) as { items: { id: string }[] };
    return items[0]?.id;
  };
  await until('a model', async () => (await first('/models')) !== undefined, { timeoutMs: 120_000 });
  await send(context, 'post', `${apiUrl}/api/v1/review/order`);
  const rollout = await send(context, 'post', `${apiUrl}/api/v1/rollouts`, {
    modelVersionId: await first('/models'),
    strategy: { kind: 'canary', canaries: 1, confirmations: 1, soakSeconds: 600 },
  });
  return {
    '/fleet/$deviceId': '/fleet/device-0',
    '/dataset/versions/$versionId': '/dataset/versions/dataset-2',
    '/dataset/versions/$from/diff/$to': '/dataset/versions/dataset-1/diff/dataset-2',
    '/training/$runId': `/training/${runId}`,
    '/rollouts/$rolloutId': `/rollouts/${rollout.id}`,
    '/frames/$frameId': `/frames/${await first('/frames?limit=1')}`,
  };
}
