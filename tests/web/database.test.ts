// What is asked of the disk ahead of its reading must never be older than what was written meanwhile.
import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Database } from '../../web/src/worker/database.ts';

const AHEAD: Parameters<Database['ahead']>[0] = { keys: [['sealed', 'book']], all: ['outbox'], pieces: [['records', 2]] };

async function filled(name: string): Promise<Database> {
  const database = await Database.open(name);
  const records = ['a', 'b', 'c'].map(key => ({ store: 'records', key, value: 1 } as const));
  await database.write([{ store: 'sealed', key: 'book', value: 1 }, { store: 'outbox', key: 'x', value: 1 }, ...records]);
  return database;
}

async function read(database: Database): Promise<unknown> {
  const pieces: [string, unknown][][] = [];
  for await (const piece of database.pieces('records', 2)) pieces.push(piece);
  return [await database.get('sealed', 'book'), await database.all('outbox'), pieces];
}

test('what was asked ahead is what is read, once', async () => {
  const database = await filled('once');
  const plain = await read(database);
  assert.deepEqual(plain, [1, [['x', 1]], [[['a', 1], ['b', 1]], [['c', 1]]]]);
  database.ahead(AHEAD);
  assert.deepEqual(await read(database), plain);
  assert.deepEqual(await read(database), plain);
});

test('a write makes worthless what was asked ahead', async () => {
  const database = await filled('written');
  database.ahead(AHEAD);
  await database.write([{ store: 'sealed', key: 'book', value: 2 }, { store: 'outbox', key: 'x' }, { store: 'records', key: 'b' }]);
  assert.deepEqual(await read(database), [2, [], [[['a', 1], ['c', 1]]]]);
});
