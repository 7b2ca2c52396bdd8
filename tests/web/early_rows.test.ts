// What the first page of a day waits for is asked of the disk before the register tells who works here, and once.
import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WorkerState } from '../../web/src/shared/protocol.ts';
import { startedWorker } from './worker_in_node.ts';

const TURNS = 1_000; // far more than the disk needs for anything
const asked: string[] = [];
const whole = IDBObjectStore.prototype.get;
IDBObjectStore.prototype.get = function (key) {
  asked.push(`${this.transaction.db.name} ${this.name} ${String(key)}`);
  return whole.call(this, key);
};
const KEY_ROWS = ['signing', 'key', 'attempts'].map(key => `shouwen device ${key}`);

/** A device that is prepared, and whose disk does not say who works here until it is let. */
async function preparedDevice(): Promise<() => void> {
  const { Database } = await import('../../web/src/worker/database.ts');
  const { Vault } = await import('../../web/src/worker/vault.ts');
  const database = await Database.open('shouwen');
  const { writes } = await Vault.create('星桥镇的秋天很长', [], 1_000);
  await database.write([...writes, { store: 'device', key: 'signing', value: {} }]);
  database.close();
  (await Database.open('shouwen-people')).close();
  const opening = indexedDB.open('shouwen-people');
  await new Promise(resolve => { opening.onsuccess = resolve; });
  const register = opening.result.transaction('device', 'readwrite').objectStore('device'); // nobody reads it meanwhile
  let held = true;
  const hold = (): void => { whole.call(register, 'nothing').onsuccess = () => { if (held) hold(); }; };
  hold();
  return () => { held = false; };
}

test('the rows of the key are read while the register is, and nobody reads them again', async () => {
  const letRegister = await preparedDevice();
  asked.length = 0;
  const { call, end } = await startedWorker();
  try {
    for (let turn = 0; turn < TURNS; turn++) await nextTurn();
    assert.deepEqual(asked.toSorted(), ['shouwen-people device people', ...KEY_ROWS].toSorted(), 'before the register has answered');
    letRegister();
    await call('passkeys'); // answered when the databases are open
    const state = await call('state') as WorkerState;
    assert.deepEqual([state.trouble, state.door], [null, 'locked']);
    await assert.rejects(call('unlock', 'a wrong one'), { code: 'wrong_passphrase' });
    for (const row of KEY_ROWS.slice(1)) assert.equal(asked.filter(each => each === row).length, 1, row);
  } finally {
    letRegister();
    end();
  }
});
