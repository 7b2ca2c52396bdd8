// The engine's kept memory: exactly what it was, over whatever an engine has in its own, or not at all.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { dropSnapshot, fill, findSnapshot, keepSnapshot, lacksSnapshot, notZero } from '../../web/src/worker/snapshot.ts';

const HEADER = 128;
const PAGE = 4096;
const WRITTEN = 13 * PAGE;
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
  assert.deepEqual(found.header, bytes.subarray(0, HEADER));
  assert.equal(found.memoryBytes, 16 * PAGE);
  const engine = new Uint8Array(found.memoryBytes).fill(3, 0, WRITTEN); // the rest was grown
  await found.restore(engine, WRITTEN);
  assert.deepEqual(engine, bytes.subarray(HEADER));
  assert.equal(await found.whole(), true);
  assert.ok((await kept.get('/engine-snapshot-memory')!.clone().arrayBuffer()).byteLength < 8 * PAGE, 'zeros are kept');
});

for (const [what, spoil] of [
  ['a byte of the memory changed', async () => {
    const bytes = new Uint8Array(await kept.get('/engine-snapshot-memory')!.arrayBuffer());
    bytes[100]! ^= 1;
    kept.set('/engine-snapshot-memory', new Response(bytes));
  }],
  ['its last byte gone', async () => {
    const bytes = await kept.get('/engine-snapshot-memory')!.arrayBuffer();
    kept.set('/engine-snapshot-memory', new Response(bytes.slice(0, -1)));
  }],
  ['a place in the head changed', async () => {
    const head = kept.get('/engine-snapshot')!;
    kept.set('/engine-snapshot', new Response((await head.text()).replace('[0,8192,', '[4096,8192,'), { headers: head.headers }));
  }],
] as const) {
  test(`a snapshot with ${what} is not whole`, async () => {
    await keepSnapshot(made());
    await spoil();
    const found = (await findSnapshot())!;
    await found.restore(new Uint8Array(found.memoryBytes), found.memoryBytes).catch(() => {});
    assert.equal(await found.whole(), false);
  });
}

test('pieces come in whatever parts the disk gives them, and are told when they are in their place', async () => {
  const memory = new Uint8Array(2 * PAGE);
  const told: number[] = [];
  const bytes = Uint8Array.from({ length: PAGE + 10 }, (_, at) => at % 251);
  await fill(memory, [[5, PAGE, ''], [PAGE + 50, 10, '']], parts(bytes, 7), memory.length, ([at, length]) => { told.push(at); assert.equal(memory[at + length - 1], bytes[at === 5 ? PAGE - 1 : PAGE + 9]); });
  assert.deepEqual(told, [5, PAGE + 50]);
  assert.deepEqual(memory.subarray(5, 5 + PAGE), bytes.subarray(0, PAGE));
  assert.deepEqual(memory.subarray(PAGE + 50, PAGE + 60), bytes.subarray(PAGE));
});

test('pieces that do not fit their memory are refused', async () => {
  const fits = async (bytes: number, at: number): Promise<void> => { await fill(new Uint8Array(PAGE), [[at, PAGE, '']], parts(new Uint8Array(bytes), PAGE), PAGE, () => {}); };
  await fits(PAGE, 0);
  await assert.rejects(fits(10, 0), /fit/);
  await assert.rejects(fits(PAGE + 1, 0), /fit/);
  await assert.rejects(fits(PAGE, PAGE), /fit/);
  assert.deepEqual(notZero(new Uint8Array(3 * PAGE)), []);
  const long = notZero(new Uint8Array(700 * PAGE).fill(1));
  assert.ok(long.length > 1 && long.every(([at, length], index) => at === (index ? long[index - 1]![0] + long[index - 1]![1] : 0) && length <= 256 * PAGE));
});

function parts(bytes: Uint8Array<ArrayBuffer>, length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ start(controller) {
    for (let at = 0; at < bytes.length; at += length) controller.enqueue(bytes.subarray(at, at + length));
    controller.close();
  } });
}

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
