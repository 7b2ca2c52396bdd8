// A disk that does not open the device's databases, full or held by another program: the worker says which, makes and
// changes nothing, and the next who asks finds everything as it was.
import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteDB } from 'idb';
import type { WorkerState } from '../../web/src/shared/protocol.ts';
import { startedWorker } from './worker_in_node.ts';

let refusing: { database: string; by: string } | null = null;
const whole = indexedDB.open.bind(indexedDB);
indexedDB.open = (name: string, version?: number) => {
  if (refusing?.database === name) throw new DOMException('the disk says no', refusing.by);
  return whole(name, version);
};

test('what keeps the databases shut is told, and they open as soon as the disk lets them', async () => {
  refusing = { database: 'shouwen-people', by: 'QuotaExceededError' };
  const { call, closed, end } = await startedWorker();
  const state = async (): Promise<WorkerState> => await call('state') as WorkerState;
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
