// A disk that does not open the device's databases, full or held by another program: the worker says which, makes and
// changes nothing, and the next who asks finds everything as it was.
import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { deleteDB } from 'idb';
import type { WorkerState } from '../../web/src/shared/protocol.ts';

let refusing: { database: string; by: string } | null = null;
const whole = indexedDB.open.bind(indexedDB);
indexedDB.open = (name: string, version?: number) => {
  if (refusing?.database === name) throw new DOMException('the disk says no', refusing.by);
  return whole(name, version);
};

/** The worker as a browser starts it, with the only lock there is; answers a page that asks how the device stands. */
async function startedWorker(): Promise<{ state: () => Promise<WorkerState>; closed: () => number; end: () => void }> {
  let closed = 0;
  const own = Object.assign(new EventTarget(), { name: '', onconnect: null as ((event: unknown) => void) | null, close() { closed += 1; } });
  const locks = { request: async (_: string, __: unknown, held: () => Promise<void>) => await held() };
  const every = globalThis.setInterval;
  const setInterval = (run: () => void, ms: number) => every(run, ms).unref(); // a worker never ends by itself
  Object.assign(globalThis, { self: own, setInterval });
  Object.defineProperty(globalThis, 'navigator', { value: { locks }, configurable: true });
  await import('../../web/src/worker/main.ts');
  const { port1, port2 } = new MessageChannel();
  own.onconnect!({ ports: [port2] });
  let asked = 0;
  const state = async (): Promise<WorkerState> => {
    const id = ++asked;
    port1.postMessage({ id, op: 'state', args: [] });
    return await new Promise((resolve, reject) => {
      port1.on('message', function heard(said: { id?: number; value?: WorkerState; failure?: unknown }) {
        if (said.id !== id) return;
        port1.off('message', heard);
        if (said.value) resolve(said.value); else reject(new Error(JSON.stringify(said.failure)));
      });
    });
  };
  return { state, closed: () => closed, end: () => port1.close() };
}

test('what keeps the databases shut is told, and they open as soon as the disk lets them', async () => {
  refusing = { database: 'shouwen-people', by: 'QuotaExceededError' };
  const { state, closed, end } = await startedWorker();
  for (const [database, by, code] of [
    ['shouwen-people', 'QuotaExceededError', 'storage_full'], ['shouwen', 'QuotaExceededError', 'storage_full'],
    ['shouwen-people', 'UnknownError', 'storage_closed'], ['shouwen', 'UnknownError', 'storage_closed'],
  ] as const) {
    refusing = { database, by };
    for (const again of [1, 2]) {
      const shut = await state();
      assert.deepEqual([shut.trouble?.code, shut.door, shut.who], [code, 'waiting', ''], `${database} ${by} ${again}`);
    }
  }
  refusing = null;
  for (const name of ['shouwen', 'shouwen-people']) await deleteDB(name);
  assert.equal(closed(), 0, 'of no try anything had stayed open');
  const open = await state();
  assert.deepEqual([open.trouble, open.door, open.who, open.people], [null, 'none', 'shouwen', []]);
  end();
});
