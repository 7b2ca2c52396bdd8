// The order of things on a device: stored first, believed afterwards; all or nothing; whatever the answer brings.
// Python is a fake that notes what it is told; keys, documents and the database are the real ones.
import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { before, beforeEach, test } from 'node:test';
import * as Automerge from '@automerge/automerge/slim';
import { fromUtf8, utf8, type Bytes } from '../../web/src/shared/bytes.ts';
import { Refusal, type DeskRequest } from '../../web/src/shared/protocol.ts';
import { Database, type Write } from '../../web/src/worker/database.ts';
import { Device } from '../../web/src/worker/device.ts';
import { appendAct } from '../../web/src/worker/documents.ts';
import { Vault } from '../../web/src/worker/vault.ts';
import type { Leaving, Python, Received, WaitingRow } from '../../web/src/worker/python.ts';

declare const __ROOT__: string;
const CASE = 'ab'.repeat(16);
const REQUEST: DeskRequest = { method: 'POST', path: '/register', query: {}, form: {}, lang: 'zh-CN' };
const NOTHING: Received = {
  empty: false, pulled: 0, receipts: [], settled: [], taken: [], refused: [], records: {}, documents: {}, directory: null, beacon: null, forked: false, ended: false,
  standing: { cursor: 0, scope: '', config: 0 }, purge: [], contents: [], left_out: [], forgotten: [], own_seq: 0, left: null, shared: null, again: [], lost: 0,
};

class FakePython {
  told: string[] = [];
  acts: { case_id: string; text: string }[] = [];
  received: Received = NOTHING;
  seq: number[] = [];
  opened = '';
  waitingRows: WaitingRow[] = [];
  waitingCount = 0;
  syncState(): { waiting: number } { return { waiting: this.waitingCount }; }
  openDevice(opened: unknown): void { this.told.push('open'); this.opened = JSON.stringify(opened); }
  loadRecords(rows: Bytes): void { this.told.push(`records ${fromUtf8(rows).trimEnd()}`); }
  glances: string | null = null;
  believed = '';
  keptGlances(): string | null { return this.glances; }
  believeGlances(text: string): number { this.believed = text; return 0; }
  loadWaiting(rows: WaitingRow[]): void { this.waitingRows = rows; this.told.push(`waiting ${rows.map(row => row.reason || 'waits').join()}`); }
  loadContents(): void {}
  enclosed(): string[] { return []; }
  parted: Leaving = { cases: [], contents: [], left: '' };
  usedPercent: number[] = [];
  leaving(usedPercent: number): Leaving { this.usedPercent.push(usedPercent); return this.parted; }
  leftNow(): void { this.told.push('left'); }
  contentKept(sha256: string, kept: boolean): void { this.told.push(`${kept ? 'here' : 'not here'} ${sha256}`); }
  lock(): void { this.told.push('lock'); }
  problem(code: string): string { return `<main><h1>${code}</h1></main>`; }
  asked: unknown[] = [];
  clock: { latest_ms: number; hidden_ms: number } | undefined;
  respond(request: { next_device_seq: number }): unknown {
    this.asked.push(request);
    this.seq.push(request.next_device_seq);
    return { status: 303, html: '', location: '/today', acts: this.acts, clock: this.clock };
  }
  recorded(caseId: string): void { this.told.push(`recorded ${caseId}`); }
  decodeChange(raw: Bytes): unknown {
    const { hash, deps, actor } = Automerge.decodeChange(raw);
    return { hash, actor, deps: deps.filter(dep => !dep.startsWith('c11f3a50')) };
  }
  syncRead(): Received { return this.received; }
  syncCommit(): number { this.told.push('commit'); return 7; }
  noticeAfter(before: unknown, lost: number): unknown { this.told.push(`notice after ${JSON.stringify(before)}`); return { atMs: 5, count: lost }; }
  offerAgain(rows: WaitingRow[]): void { this.told.push(`again ${rows.map(row => `${row.hash.slice(0, 4)}${row.actor_signature ? ' own' : ''}`).join()}`); }
}

const broken = (): DOMException => new DOMException('Internal error opening backing store', 'UnknownError');

let python: FakePython;
let database: Database;
let device: Device;
const unlock = async (): Promise<void> => {
  python = new FakePython();
  device = new Device(database, async () => python as unknown as Python, async () => {});
  await device.unlock(from => Vault.unlock(from, 'four words are better'));
};

before(async () => {
  await Automerge.initializeWasm(fs.readFileSync(`${__ROOT__}/node_modules/@automerge/automerge/dist/automerge.wasm`));
  globalThis.fetch = async () => Response.json({ device: 'd1', code: 'K7Q', enrolment: { text: '{}', sig: '' } }, { status: 201 });
  database = await Database.open('shouwen');
  python = new FakePython();
  device = new Device(database, async () => python as unknown as Python, async () => {});
  await device.enrol('four words are better', 'test', { user: 'u1', name: 'Lin', csrf: 'c', fresh: true, ownWords: [], recordKey: '00'.repeat(32), carryKeys: [] });
});
beforeEach(unlock);

test('a person who is not let in sees nothing', async () => {
  await device.lock();
  await assert.rejects(device.respond(REQUEST), (error: Refusal) => error.code === 'locked');
  await assert.rejects(device.enrol('another passphrase', 'x', { user: 'u2', name: '', csrf: '', fresh: true, ownWords: [], recordKey: '', carryKeys: [] }), (error: Refusal) => error.code === 'already_here');
});

test('an act is on the disk in document, record, outbox and numbering before anybody hears of it', async () => {
  python.acts = [{ case_id: CASE, text: '{"n":1}' }, { case_id: CASE, text: '{"n":2}' }];
  const response = await device.respond(REQUEST);
  assert.equal(response.stored, 2);
  assert.deepEqual(python.told.slice(-2), [`recorded ${CASE}`, `recorded ${CASE}`]);
  for (const [store, count] of [['documents', 1], ['records', 1], ['outbox', 2]] as const) assert.equal((await database.all(store)).length, count, store);
  await unlock();
  assert.ok(python.told.includes('waiting waits,waits'));
  assert.match(python.told[1]!, /\{\\"n\\":1\}.*\{\\"n\\":2\}/);
  await device.respond({ ...REQUEST, method: 'GET' });
  assert.deepEqual(python.seq, [3]);
});

for (const [what, refuse] of [
  ['at its first look', { get: async () => { throw broken(); } }],
  ['at who works here', { get: async (store: string, key: string) => { if (key === 'identity') throw broken(); return await Database.prototype.get.call(database, store as never, key); } }],
  ['at the outbox', { all: async (store: string) => { if (store === 'outbox') throw broken(); return await Database.prototype.all.call(database, store as never); } }],
  ['between two cases', { pieces: async function* (store: string) { yield* (await Database.prototype.all.call(database, store as never)).slice(0, 1).map(each => [each]); throw broken(); } }],
] as const) {
  test(`a start that breaks off ${what} opens nothing and changes nothing; the next one has everything`, async () => {
    const before = await snapshot();
    await device.lock();
    Object.assign(database, refuse);
    try {
      await assert.rejects(unlock(), { name: 'UnknownError' });
    } finally {
      for (const name of Object.keys(refuse)) Reflect.deleteProperty(database, name);
    }
    assert.equal(device.isOpen, false);
    await assert.rejects(device.respond(REQUEST), (error: Refusal) => error.code === 'locked');
    if (python.told.includes('open')) assert.equal(python.told.at(-1), 'lock', 'half of what is kept stayed in memory');
    assert.deepEqual(await snapshot(), before);
    await unlock();
    assert.ok(python.told.includes('waiting waits,waits') && python.told.some(line => line.includes(CASE)), String(python.told));
  });
}

test('what a clock was turned back is on the disk at once, and forgotten at the next contact', async () => {
  const told = async (): Promise<unknown> => { await device.respond({ ...REQUEST, method: 'GET' }); return (python.asked.at(-1) as { clock: unknown }).clock; };
  python.clock = { latest_ms: 5, hidden_ms: 0 };
  assert.equal(await told(), null);
  python.clock = { latest_ms: 3, hidden_ms: 2 };
  await told();
  await unlock(); // the laptop was closed and opened again
  assert.deepEqual(await told(), { latest_ms: 3, hidden_ms: 2 });
  python.clock = undefined;
  await device.takeAnswer([]);
  assert.equal(await told(), null);
});

test('a full disk keeps nothing, says so, and the next attempt counts on from the same number', async () => {
  const write = database.write.bind(database);
  const before = await snapshot();
  database.write = async (writes: readonly Write[]) => { if (writes.length > 1) throw new DOMException('full', 'QuotaExceededError'); await write(writes); };
  python.acts = [{ case_id: 'cd'.repeat(16), text: '{"n":3}' }];
  const response = await device.respond(REQUEST);
  database.write = write;
  assert.deepEqual([response.status, response.problem, response.stored, response.location], [507, 'storage_full', 0, null]);
  assert.ok(!python.told.some(line => line.startsWith('recorded')));
  assert.deepEqual(await snapshot(), before);
  await device.respond(REQUEST);
  assert.deepEqual(python.seq, [3, 3]);
});

test('an answer is believed only after it is stored; a failure leaves disk and cursor alone', async () => {
  const { change } = appendAct(null, '0b'.repeat(16), '{"n":9}');
  const { hash } = Automerge.decodeChange(change);
  const caseId = 'ef'.repeat(16);
  const standing = { cursor: 6, scope: 's', config: 0 };
  python.received = { ...NOTHING, records: { [caseId]: JSON.stringify([[hash, [], '{"n":9}', 5, 6]]) }, documents: { [caseId]: { without: [], changes: [change] } }, ended: true, standing };
  const write = database.write.bind(database);
  const before = await snapshot();
  database.write = async () => { throw new DOMException('full', 'QuotaExceededError'); };
  await assert.rejects(device.takeAnswer([]));
  database.write = write;
  assert.deepEqual(await snapshot(), before);
  assert.ok(!python.told.some(line => line.startsWith('commit')));
  assert.equal((await device.takeAnswer([]))?.wait, 7);
  assert.equal(python.told.at(-1), 'commit');
  await unlock();
  assert.match(python.told[1]!, new RegExp(hash));
});

test('receipts without the record’s signature are not believed', async () => {
  python.received = { ...NOTHING, receipts: [{ case_id: CASE, hash: '12'.repeat(32), log_index: 1, received_at_ms: 1, sig: '00'.repeat(64) }] };
  const before = await snapshot();
  await assert.rejects(device.takeAnswer([]));
  assert.deepEqual(await snapshot(), before);
});

test('a refused act stays in the outbox with its reason and out of what the case builds on', async () => {
  const waiting = await database.all('outbox');
  const last = Automerge.decodeChange(await lastChange(CASE)).hash;
  const refused = [{ case_id: CASE, hash: last, reason: 'scope', now_with: ['linye'], by: '', why: '', at_ms: null }];
  python.received = { ...NOTHING, refused, documents: { [CASE]: { without: [last], changes: [] } } };
  await device.takeAnswer([]);
  assert.equal((await database.all('outbox')).length, waiting.length);
  await unlock();
  assert.ok(python.told.some(line => /^waiting .*scope/.test(line)));
  python.acts = [{ case_id: CASE, text: '{"n":"after"}' }];
  await device.respond(REQUEST);
  assert.ok(!Automerge.decodeChange(await lastChange(CASE)).deps.includes(last));
});

test('what was refused and comes back after all goes beside what was written since, under another actor', async () => {
  const caseId = '6f'.repeat(16);
  for (const n of ['first', 'refused']) {
    python.acts = [{ case_id: caseId, text: `{"n":"${n}"}` }];
    await device.respond(REQUEST);
  }
  const change = await lastChange(caseId);
  const { hash, actor, seq } = Automerge.decodeChange(change);
  const refused = [{ case_id: caseId, hash, reason: 'scope', now_with: [], by: '', why: '', at_ms: null }];
  python.received = { ...NOTHING, refused, documents: { [caseId]: { without: [hash], changes: [] } } };
  await device.takeAnswer([]);
  python.acts = [{ case_id: caseId, text: '{"n":"since"}' }];
  await device.respond(REQUEST);
  const since = Automerge.decodeChange(await lastChange(caseId));
  assert.notDeepEqual([since.actor, since.seq], [actor, seq]);
  python.received = { ...NOTHING, settled: [hash], documents: { [caseId]: { without: [], changes: [change] } } };
  await device.takeAnswer([]);
  const all = Automerge.getAllChanges(Automerge.load((await opened().shelf.document(caseId))!)).map(each => Automerge.decodeChange(each).hash);
  assert.ok(all.includes(hash) && all.includes(since.hash));
  // What has been written since is announced under its own actor.
  await unlock();
  const row = python.waitingRows.find(each => each.hash === since.hash)!;
  assert.equal(row.actor, since.actor);
  assert.notEqual(row.actor_signature, python.waitingRows.find(each => each.actor === actor)!.actor_signature);
});

test('a case of which everything was refused stays whole in its document: what follows goes on from it', async () => {
  const caseId = '7c'.repeat(16);
  python.acts = [{ case_id: caseId, text: '{"n":"beginning"}' }];
  await device.respond(REQUEST);
  const { hash } = Automerge.decodeChange(await lastChange(caseId));
  const refused = [{ case_id: caseId, hash, reason: 'others_act', now_with: [], by: '', why: '', at_ms: null }];
  python.received = { ...NOTHING, refused, documents: { [caseId]: { without: [hash], changes: [] } } };
  await device.takeAnswer([]);
  python.acts = [{ case_id: caseId, text: '{"n":"goes on"}' }];
  await device.respond(REQUEST);
  assert.deepEqual(Automerge.decodeChange(await lastChange(caseId)).deps, [hash]);
});

test('a case that has left is in no store afterwards; of an act that was left out only the word stays', async () => {
  const gone = '9a'.repeat(16);
  python.acts = [{ case_id: gone, text: '{"n":"secret"}' }];
  await device.respond(REQUEST);
  await device.saveDraft(`/cases/${gone}/do/note`, { text: ['typed'] });
  await device.saveDraft('/register', { text: ['kept'] });
  const { hash } = Automerge.decodeChange(await lastChange(gone));
  const told = { case_id: gone, hash, reason: 'left_out', now_with: [], by: 'qian', why: 'came too late', at_ms: Date.now() - 29 * 86_400_000 };
  python.received = { ...NOTHING, refused: [told], purge: [gone], left_out: [told], standing: { ...NOTHING.standing, custody: { doubtful: [], leaving: [], purged: [gone] } } };
  await device.takeAnswer([]);
  for (const store of ['documents', 'records', 'drafts'] as const) {
    assert.deepEqual((await database.all(store)).filter(([key]) => key.includes(gone)), [], store);
  }
  assert.notEqual(await device.draft('/register'), null);
  await unlock();
  const rows = python.waitingRows.filter(row => row.case_id === gone);
  assert.deepEqual(rows.map(row => [row.reason, row.why, row.raw.length]), [['left_out', 'came too late', 0]]);
  python.received = { ...NOTHING, refused: [{ ...told, at_ms: Date.now() - 31 * 86_400_000 }] };
  await device.takeAnswer([]);
  for (const _ of [1, 2]) { // the reason was here long enough to be read, and is not on the disk any more either
    await unlock();
    assert.deepEqual(python.waitingRows.filter(row => row.case_id === gone).map(row => [row.reason, row.by, row.why]), [['left_out', 'qian', '']]);
  }
  assert.ok(python.opened.includes(gone)); // the purge is still to be attested
});

test('of a case that had left before and was erased, what lists kept and what was typed about it goes too', async () => {
  const [erased, other] = ['7e'.repeat(16), '7f'.repeat(16)];
  python.glances = JSON.stringify({ cases: { [erased]: ['its title'], [other]: ['another'] } });
  await device.keepGlances();
  await device.saveDraft(`/cases/${erased}/do/note`, { text: ['typed'] });
  python.received = { ...NOTHING, forgotten: [erased], left: '{"cases":{},"wanted":[]}' };
  await device.takeAnswer([]);
  assert.equal(await device.draft(`/cases/${erased}/do/note`), null);
  await unlock();
  assert.deepEqual(JSON.parse(python.believed), { cases: { [other]: ['another'] } });
  assert.ok(python.opened.includes('"left":{"cases":{},"wanted":[]}'));
});

test('how full the storage is decides with the rest what leaves; a person who asks for room gets all that may go', async () => {
  await device.makeRoom(false); // a browser that does not say
  const known = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  const storage = { estimate: async () => ({ usage: 80, quota: 160 }), persisted: async () => true };
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { storage } });
  try {
    await device.makeRoom(false);
    await device.makeRoom(true);
  } finally {
    if (known) Object.defineProperty(globalThis, 'navigator', known);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
  assert.deepEqual(python.usedPercent, [0, 50, 100]);
});

test('a case that leaves takes its photographs along; they are fetched again when somebody opens one', async () => {
  const caseId = '8b'.repeat(16);
  const bytes = (fill: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length: 5000 }, (_, n) => n < 5 ? utf8('%PDF-')[n]! : fill);
  const taken = [1, 2].map(fill => new Blob([bytes(fill)], { type: 'application/pdf' }));
  const limits = { bytes: 8e6, side: 1600, device: 4_000_000 };
  const [sent, unsent] = [await device.takeFile(taken[0]!, 'a.pdf', limits, false), await device.takeFile(taken[1]!, 'b.pdf', limits, false)];
  python.acts = [{ case_id: caseId, text: '{"n":"with photographs"}' }];
  await device.respond(REQUEST);
  await device.contentSent(sent.sha256);
  const pieces = (await database.keys('contents')).length;
  python.parted = { cases: [caseId], contents: [sent.sha256, unsent.sha256], left: '{"cases":{},"wanted":[]}' };
  const disk = database.write.bind(database);
  database.write = async () => { throw new Error('the disk breaks'); };
  await assert.rejects(device.makeRoom(false));
  database.write = disk;
  assert.ok(!python.told.includes('left'));
  assert.equal(await device.makeRoom(false), 1);
  assert.deepEqual(python.told.slice(-2), [`not here ${sent.sha256}`, 'left']);
  assert.equal((await database.keys('contents')).length, pieces - 1); // what only this device has stays
  assert.equal(await database.get('documents', caseId), undefined);
  const record = globalThis.fetch;
  const asked: string[] = [];
  globalThis.fetch = async path => { asked.push(String(path)); return new Response(bytes(1), { headers: { 'content-type': 'application/pdf' } }); };
  let isFetched = false;
  const again = await device.openFile(sent.sha256, () => { isFetched = true; });
  globalThis.fetch = record;
  assert.deepEqual(new Uint8Array(await again.arrayBuffer()), bytes(1));
  assert.ok(isFetched && asked.length === 1 && asked[0]!.includes(sent.sha256));
  assert.equal(python.told.at(-1), `here ${sent.sha256}`);
  await device.openFile(unsent.sha256, () => assert.fail('it was never away'));
});

test('a change without its causes spoils the whole answer, not the disk', async () => {
  const first = appendAct(null, '0c'.repeat(16), '{"a":1}');
  const second = appendAct(first.binary, '0c'.repeat(16), '{"a":2}');
  const { hash } = Automerge.decodeChange(second.change);
  const before = await snapshot();
  assert.ok(hash);
  python.received = { ...NOTHING, documents: { ['77'.repeat(16)]: { without: [], changes: [second.change] } } };
  await assert.rejects(device.takeAnswer([]), /before its causes/);
  assert.deepEqual(await snapshot(), before);
});

test('when the record came back from a backup, acts are signed for anew from their documents and go before all that waits', async () => {
  const caseId = '5e'.repeat(16);
  python.acts = [{ case_id: caseId, text: '{"n":"mine"}' }];
  await device.respond(REQUEST);
  const mine = Automerge.decodeChange(await lastChange(caseId)).hash;
  const other = appendAct((await opened().shelf.document(caseId))!, '0d'.repeat(16), '{"n":"theirs"}');
  const theirs = Automerge.decodeChange(other.change).hash;
  python.received = { ...NOTHING, settled: [mine], documents: { [caseId]: { without: [], changes: [other.change] } } };
  await device.takeAnswer([]);
  assert.equal(await database.get('outbox', mine), undefined);
  const again = [{ case_id: caseId, hash: mine, own: true, log_index: 3 }, { case_id: caseId, hash: theirs, own: false, log_index: 4 }];
  const before = python.waitingRows.length;
  python.received = { ...NOTHING, ended: true, shared: 3, again, lost: 2 };
  await device.takeAnswer([]);
  assert.ok(python.told.includes(`again ${mine.slice(0, 4)} own,${theirs.slice(0, 4)}`));
  assert.ok(python.told.includes('notice after null'));
  await unlock();
  assert.deepEqual(python.waitingRows.slice(0, 2).map(row => [row.hash, row.reason, row.raw.length > 0]), [[mine, '', true], [theirs, '', true]]);
  assert.equal(python.waitingRows.length, before + 2);
  await device.respond({ ...REQUEST, method: 'GET' });
  assert.equal((python.asked.at(-1) as { restored: { count: number } }).restored.count, 2);
  python.received = { ...NOTHING, ended: true, shared: 3, lost: 2 }; // what is still on its way counts, and what was said before is known
  await device.takeAnswer([]);
  assert.ok(python.told.includes('notice after {"atMs":5,"count":2}'));
  await unlock();
  assert.deepEqual(python.waitingRows.slice(0, 2).map(row => row.lost), [true, true]);
});

const opened = (): { shelf: { document(id: string): Promise<Bytes | null> } } =>
  (device as unknown as { opened: { shelf: { document(id: string): Promise<Bytes | null> } } }).opened;

/** Every key of every store with the bytes under it. */
async function snapshot(): Promise<unknown> {
  const stores = ['sealed', 'documents', 'records', 'outbox', 'receipts'] as const;
  return await Promise.all(stores.map(async store => (await database.all<{ iv: Bytes }>(store)).map(([key, { iv }]) => [store, key, [...iv]])));
}

/** The newest change of a case, through the device's own eyes. */
async function lastChange(caseId: string): Promise<Bytes> {
  const opened = (device as unknown as { opened: { shelf: { document(id: string): Promise<Bytes | null> } } }).opened;
  const document = Automerge.load((await opened.shelf.document(caseId))!);
  return new Uint8Array(Automerge.getAllChanges(document).at(-1)!);
}

test('numbers that the record has from this device are never used again', async () => {
  python.acts = [];
  python.received = { ...NOTHING, own_seq: 40 };
  await device.takeAnswer([]);
  await device.respond(REQUEST);
  await device.lock();
  await unlock();
  await device.respond(REQUEST);
  assert.deepEqual(python.seq, [41], 'after the restart too');
});

test('a frozen device is enrolled anew: another key, another id, numbers from one, the same cases', async () => {
  const me = { user: 'u1', name: 'Lin', csrf: 'c', fresh: true, ownWords: [], recordKey: '00'.repeat(32), carryKeys: [] };
  const refused = (code: string) => (error: Refusal): boolean => error.code === code;
  const key = async (): Promise<string> => (await database.get<{ publicHex: string }>('device', 'signing'))!.publicHex;
  const before = await key();
  python.waitingCount = 1;
  await assert.rejects(device.reenrol('four words are better', 'anew', me), refused('still_waiting'));
  python.waitingCount = 0;
  await assert.rejects(device.reenrol('four words are better', 'anew', { ...me, user: 'u2' }), refused('other_person'));
  await assert.rejects(device.reenrol('not the passphrase', 'anew', me), refused('wrong_passphrase'));
  assert.equal(await key(), before);
  globalThis.fetch = async () => Response.json({ device: 'd2', code: 'M3X', enrolment: { text: '{}', sig: '' } }, { status: 201 });
  await device.reenrol('four words are better', 'anew', me);
  assert.notEqual(await key(), before);
  assert.match(python.opened, /"device":"d2","code":"M3X"/);
  python.acts = [{ case_id: 'ef'.repeat(16), text: '{"n":1}' }];
  await device.respond(REQUEST);
  assert.equal(python.seq.at(-1), 1);
  await unlock();
  assert.match(python.opened, /"device":"d2"/);
  await database.write((await database.keys('outbox')).map(each => ({ store: 'outbox', key: each })));
});
