// The engine's kept memory: exactly what it was, over whatever an engine has in its own, or not at all.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { dropSnapshot, fill, findSnapshot, keepSnapshot, lacksSnapshot, notZero } from '../../web/src/worker/snapshot.ts';

const HEADER = 128;
const PAGE = 4096;
let kept: Map<string, Response>;

beforeEach(() => {
  kept = new Map();
  const cache = {
    put: async (name: string, response: Response) => { kept.set(name, response); },
    match: async (name: string) => kept.get(name)?.clone(),
    delete: async (name: string) => kept.delete(name),
  };
  Object.assign(globalThis, { caches: { has: async () => true, open: async () => cache, match: cache.match } });
});

/** What Pyodide gives: a header that says where the memory begins, then the memory. */
function made(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER + 16 * PAGE);
  new Uint32Array(bytes.buffer).set([0x706f_7300, HEADER]);
  const memory = bytes.subarray(HEADER);
  memory.fill(7, 0, PAGE + 1); // two pages, the second nearly empty
  memory.fill(9, 5 * PAGE, 8 * PAGE);
  memory[11 * PAGE - 1] = 1;
  return bytes;
}

test('what is kept is what was not zero, and comes back over an engine that has written into its memory', async () => {
  const bytes = made();
  await keepSnapshot(bytes);
  const found = await findSnapshot();
  assert.ok(found);
  assert.equal(await found.whole, true);
  assert.deepEqual(found.header, bytes.subarray(0, HEADER));
  assert.equal(found.memoryBytes, 16 * PAGE);
  const engine = new Uint8Array(found.memoryBytes).fill(3);
  found.restore(engine, await found.bytes);
  assert.deepEqual(engine, bytes.subarray(HEADER));
  assert.ok((await kept.get('/engine-snapshot-memory')!.clone().arrayBuffer()).byteLength < 8 * PAGE, 'zeros are kept');
});

for (const [what, spoil] of [
  ['a byte of the memory', async () => {
    const bytes = new Uint8Array(await kept.get('/engine-snapshot-memory')!.arrayBuffer());
    bytes[100]! ^= 1;
    kept.set('/engine-snapshot-memory', new Response(bytes));
  }],
  ['a place in the head', async () => {
    const head = kept.get('/engine-snapshot')!;
    kept.set('/engine-snapshot', new Response((await head.text()).replace('[0,8192]', '[4096,8192]'), { headers: head.headers }));
  }],
] as const) {
  test(`a snapshot with ${what} changed is not whole`, async () => {
    await keepSnapshot(made());
    await spoil();
    assert.equal(await (await findSnapshot())!.whole, false);
  });
}

test('pieces that do not fit their memory are refused', () => {
  assert.throws(() => fill(new Uint8Array(PAGE), [[0, PAGE]], new Uint8Array(10)), /fit/);
  assert.throws(() => fill(new Uint8Array(PAGE), [[PAGE, PAGE]], new Uint8Array(PAGE)));
  assert.deepEqual(notZero(new Uint8Array(3 * PAGE)), []);
});

test('a dropped snapshot is lacking, and half of one is none', async () => {
  await keepSnapshot(made());
  assert.equal(await lacksSnapshot(), false);
  kept.delete('/engine-snapshot-memory');
  assert.equal(await findSnapshot(), null);
  await keepSnapshot(made());
  await dropSnapshot();
  assert.equal(await findSnapshot(), null);
  assert.equal(await lacksSnapshot(), true);
});
