// The engine of this build, really started in node: the long way, and from the memory that it kept of itself.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { Python } from '../../web/src/worker/python.ts';
import { keepSnapshot } from '../../web/src/worker/snapshot.ts';

declare const __ROOT__: string;
const TYPES: Record<string, string> = { wasm: 'application/wasm' };

test('an engine starts from its kept memory, however much the rehearsal needed, and goes the long way from a damaged one', { timeout: 300_000 }, async () => {
  const kept = new Map<string, Response>();
  const match = async (name: string): Promise<Response | undefined> => kept.get(name)?.clone();
  const cache = { put: async (name: string, response: Response) => { kept.set(name, response); }, match, delete: async (name: string) => kept.delete(name) };
  Object.assign(globalThis, { caches: { has: async () => true, open: async () => cache, match }, location: new URL('http://localhost/worker.js') });
  globalThis.fetch = (async (url: string) =>
    new Response(fs.readFileSync(`${__ROOT__}/web/dist${url}`), { headers: { 'content-type': TYPES[url.split('.').at(-1)!] ?? '' } })) as typeof fetch;

  await keepSnapshot(await Python.makeSnapshot());
  const started = await Python.boot();
  assert.ok(kept.has('/engine-snapshot'), 'the kept memory was dropped: the engine did not start from it');
  assert.equal(marks('imports'), 0, 'everything was imported anew');
  const page = started.problem('unknown_page', 404, 'zh-CN');
  assert.match(page, /<html/);

  const memory = new Uint8Array(await kept.get('/engine-snapshot-memory')!.arrayBuffer());
  memory[memory.length >> 1]! ^= 1;
  kept.set('/engine-snapshot-memory', new Response(memory));
  assert.equal((await Python.boot()).problem('unknown_page', 404, 'zh-CN'), page);
  assert.equal(marks('imports'), 1);
  assert.equal(kept.has('/engine-snapshot'), false, 'what is damaged is not tried again');
});

function marks(name: string): number { return performance.getEntriesByName(name, 'mark').length; }
