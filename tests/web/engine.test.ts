// The engine of this build, really started in node: the long way, and from the memory that it kept of itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { joined, utf8 } from '../../web/src/shared/bytes.ts';
import { forgetEngineParts } from '../../web/src/worker/engine.ts';
import { Python } from '../../web/src/worker/python.ts';
import { keepSnapshot } from '../../web/src/worker/snapshot.ts';
import { asInBrowser } from './engine_in_node.ts';

test('an engine starts from its kept memory, however much the rehearsal needed, and goes the long way from a damaged one', { timeout: 300_000 }, async () => {
  const kept = asInBrowser();
  await keepSnapshot(await Python.makeSnapshot());
  forgetEngineParts(); // another worker made it
  const looked = counted(WebAssembly.Table.prototype, 'get');
  const fetched = counted(globalThis, 'fetch');
  Python.prepare();
  const started = await Python.boot();
  assert.deepEqual(zips(fetched), [], 'files were read before anybody asked for them');
  assert.ok(looked.length < TABLE_LOOKS_MAX, `${looked.length} places of the engine's table were looked through`);
  assert.ok(kept.has('/engine-snapshot'), 'the kept memory was dropped: the engine did not start from it');
  assert.equal(marks('imports'), 0, 'everything was imported anew');
  // The first page is made before Python has its files: whatever it needs must be in the kept memory.
  const { engine } = started as unknown as { engine: { runPython(text: string): string } };
  assert.equal(engine.runPython(TODAY), '[200, 200]');
  assert.deepEqual(zips(fetched), [], 'the first page had the files read');
  await started.complete();
  assert.equal(zips(fetched).length, 2);
  const page = started.problem('unknown_page', 404, 'zh-CN');
  assert.match(page, /<html/);
  nothingIsNothing(started);

  const memory = new Uint8Array(await kept.get('/engine-snapshot-memory')!.arrayBuffer());
  memory[memory.length >> 1]! ^= 1;
  kept.set('/engine-snapshot-memory', new Response(memory));
  const again = await Python.boot();
  await again.complete();
  assert.equal(again.problem('unknown_page', 404, 'zh-CN'), page);
  assert.equal(marks('imports'), 1);
  assert.equal(kept.has('/engine-snapshot'), false, 'what is damaged is not tried again');
});

const TABLE_LOOKS_MAX = 4_000; // it has more than ten thousand places

/** The first argument of every later call of a method, which goes on working. */
function counted(of: object, name: string): unknown[] {
  const methods = of as Record<string, (...args: unknown[]) => unknown>;
  const asked: unknown[] = [];
  const before = methods[name]!;
  methods[name] = function (this: unknown, ...args: unknown[]) { asked.push(args[0]); return before.apply(this, args); };
  return asked;
}

const zips = (urls: unknown[]): unknown[] => urls.filter(url => String(url).endsWith('.zip'));

/** None comes as null and null goes as None: `undefined !== null` once made every answer one of a restored record. */
function nothingIsNothing(python: Python): void {
  const identity = { user: 'lin', device: 'ab'.repeat(16), code: 'K7Q' };
  python.openDevice({ identity, app_version: '1', directory: null, sync: { cursor: 0, scope: '', config: 0 } });
  const refused = { case_id: 'cd'.repeat(16), hash: 'ef'.repeat(32), raw: new Uint8Array(1), alg: 1, signature: new Uint8Array(64), actor: '', actor_signature: '', at_ms: null };
  python.loadWaiting([{ ...refused, reason: 'foreign_scope' }]);
  python.syncRequest({ storage_used: null, storage_quota: null, storage_kept: null, clock_offset_ms: null });
  const messages = ['{"t":"beacon","id":"1-00","server_time_ms":1,"log_size":3,"sig":"00"}', '{"t":"end","cursor":3,"more":false,"scope":"s"}'];
  const read = python.syncRead(messages.map(text => joined(new Uint8Array([0, 0, 0, text.length + 1, 1]), utf8(text))));
  assert.deepEqual([read.ended, read.shared, read.directory, read.left, read.standing.scope], [true, null, null, null, 's']);
  assert.deepEqual(python.noticeAfter(null, 2).count, 2);
  const shorter = ['{"t":"beacon","id":"1-00","server_time_ms":1,"log_size":3,"sig":"00"}', '{"t":"end","cursor":0,"more":true,"scope":"s","lineage":"l2","shared":2}'];
  python.syncCommit();
  python.syncRequest({ storage_used: null, storage_quota: null, storage_kept: null, clock_offset_ms: null });
  const told = python.syncRead(shorter.map(text => joined(new Uint8Array([0, 0, 0, text.length + 1, 1]), utf8(text))));
  assert.deepEqual([told.shared, told.lost, told.again.map(({ own, log_index: index }) => [own, index])], [2, 0, [[false, null]]]);
  python.offerAgain([{ ...refused, reason: '', lost: true, astray: false }]);
  python.syncCommit();
  assert.equal(python.syncState().waiting, 1);
  python.lock();
}

const TODAY = `
import json
from host import browser, rehearsal
browser.open_device(rehearsal.device())
browser.load_records(rehearsal.record())
asked = [each for each in rehearsal.requests() if json.loads(each)['path'] == '/today']
found = [json.loads(browser.respond(each))['status'] for each in asked]
browser.lock()
str(found)`;

function marks(name: string): number { return performance.getEntriesByName(name, 'mark').length; }
