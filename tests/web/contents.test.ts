// Photographs and papers on the device: sealed in pieces, read back whole and in parts, limits told, nothing left over.
import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { placeOf } from '../../web/src/shared/exif.ts';
import { nameFor, sha256Of, type Prepared } from '../../web/src/shared/pictures.ts';
import { Refusal } from '../../web/src/shared/protocol.ts';
import { Contents, PIECE_BYTES } from '../../web/src/worker/contents.ts';
import { Database } from '../../web/src/worker/database.ts';
import { Vault } from '../../web/src/worker/vault.ts';

const LIMITS = { bytes: 8e6, side: 1600, device: 4_000_000 };
const DAY = 86_400_000;
let database: Database;
let vault: Vault;
let contents: Contents;

beforeEach(async () => {
  indexedDB = new IDBFactory();
  database = await Database.open('shouwen');
  ({ vault } = await Vault.create('four words are better', [], 1));
  contents = await Contents.load(database, vault);
});

async function photo(size: number, seed = 1): Promise<Prepared & { original: Blob }> {
  const bytes = Uint8Array.from({ length: size }, (_, index) => (index * seed) % 251);
  const named = { sha256: await sha256Of(bytes), bytes: size, type: 'image/jpeg', name: 'a.jpg' };
  return { named, content: new Blob([bytes], { type: 'image/jpeg' }), isRedrawn: true, original: new Blob([new Uint8Array(size)]) };
}

const keep = async (file: Prepared & { original: Blob }, limits = LIMITS): Promise<void> => await contents.keep(file, file.original, limits, 0);
const pieces = async (): Promise<number> => (await database.keys('contents')).length;
const refusal = (code: string) => (error: unknown): boolean => error instanceof Refusal && error.code === code;

test('a content comes back whole, and any part of it, in another session', async () => {
  const file = await photo(600_000);
  await keep(file);
  const again = await Contents.load(database, vault);
  const whole = new Uint8Array(await (await again.read(file.named.sha256))!.arrayBuffer());
  assert.equal(await sha256Of(whole), file.named.sha256);
  for (const [offset, length] of [[0, 10], [PIECE_BYTES - 3, 6], [PIECE_BYTES, PIECE_BYTES], [599_999, 1], [100, 599_000]] as const) {
    const part = new Uint8Array(await (await again.part(file.named.sha256, offset, length)).arrayBuffer());
    assert.deepEqual(part, whole.slice(offset, offset + length));
  }
  assert.equal(await again.read('00'.repeat(32)), null);
});

test('the original stays until the record has the smaller one', async () => {
  const file = await photo(600_000);
  await keep(file);
  assert.equal(await pieces(), 6);
  await contents.sent(file.named.sha256);
  assert.equal(await pieces(), 3);
  assert.deepEqual(contents.rows().map(row => row.sent), [true]);
});

test('an act that names a content holds it; what only stood in a form goes after a day', async () => {
  const [named, drafted, loose] = [await photo(1000, 1), await photo(1000, 2), await photo(1000, 3)];
  for (const file of [named, drafted, loose]) await keep(file);
  const { writes, index } = await contents.namedBy([{ hash: 'cc', contents: [named.named.sha256, 'unknown'] }]);
  await database.write(writes);
  contents.believe(index);
  assert.deepEqual(await contents.tidy(`… ${drafted.named.sha256} …`, DAY / 2), []);
  assert.deepEqual(await contents.tidy(`… ${drafted.named.sha256} …`, DAY * 2), [loose.named.sha256]);
  assert.equal((await Contents.load(database, vault)).rows().find(row => row.act === 'cc')?.sha256, named.named.sha256);
});

test('pieces that a crash left behind are swept', async () => {
  await keep(await photo(1000));
  await database.write([await vault.seal('contents', `${'ab'.repeat(16)}/0`, new Uint8Array(5))]);
  assert.equal(await pieces(), 3);
  await contents.tidy('', 0);
  assert.equal(await pieces(), 2);
});

test('the limit of the device is told; what the record has makes room', async () => {
  const first = await photo(1_500_000, 1);
  await keep(first);
  await assert.rejects(keep(await photo(1_500_000, 2)), refusal('files_full'));
  await contents.sent(first.named.sha256);
  await keep(await photo(1_500_000, 2));
  assert.equal(contents.has(first.named.sha256), false);
});

test('something else than what was asked for is not kept', async () => {
  await assert.rejects(contents.keepFetched('ab'.repeat(32), new Blob(['other']), 0), refusal('content_broken'));
  const file = await photo(1000);
  await contents.keepFetched(file.named.sha256, file.content, 0);
  assert.equal(contents.rows()[0]?.sent, true);
});

test('names keep nothing that an act may not carry', () => {
  assert.equal(nameFor('../../a\\b\u202egpj.exe', 'image/jpeg'), '.._.._a_b_gpj.jpg');
  assert.equal(nameFor('', 'application/pdf'), 'file.pdf');
  assert.equal([...nameFor('照'.repeat(300), 'image/jpeg')].length, 80);
});

/** A JPEG's head with the given GPS values, in either byte order. */
function withPlace(little: boolean, latitude: number[], longitude: number[], sides = 'NE'): Uint8Array {
  const tiff = new DataView(new ArrayBuffer(160));
  const short = (at: number, value: number): void => tiff.setUint16(at, value, little);
  const long = (at: number, value: number): void => tiff.setUint32(at, value, little);
  tiff.setUint16(0, little ? 0x4949 : 0x4d4d);
  short(2, 42); long(4, 8);
  short(8, 1); short(10, 0x8825); short(12, 4); long(14, 1); long(18, 26); long(22, 0);
  short(26, 4);
  const entry = (n: number, tag: number, type: number, count: number): number => { const at = 28 + n * 12; short(at, tag); short(at + 2, type); long(at + 4, count); return at + 8; };
  tiff.setUint8(entry(0, 1, 2, 2), sides.charCodeAt(0));
  long(entry(1, 2, 5, 3), 84);
  tiff.setUint8(entry(2, 3, 2, 2), sides.charCodeAt(1));
  long(entry(3, 4, 5, 3), 112);
  for (const [base, values] of [[84, latitude], [112, longitude]] as const) values.forEach((value, n) => { long(base + n * 8, value); long(base + n * 8 + 4, 1); });
  const head = [0xff, 0xd8, 0xff, 0xe1, 0, 168, 0x45, 0x78, 0x69, 0x66, 0, 0];
  return new Uint8Array([...head, ...new Uint8Array(tiff.buffer), 0xff, 0xda]);
}

test('a photograph says where it was taken, in both byte orders and on all sides of the earth', () => {
  for (const little of [true, false]) {
    assert.equal(placeOf(withPlace(little, [31, 55, 12], [120, 16, 48])), '31.92000,120.28000');
    assert.equal(placeOf(withPlace(little, [31, 55, 12], [120, 16, 48], 'SW')), '-31.92000,-120.28000');
    assert.equal(placeOf(withPlace(little, [131, 55, 12], [120, 16, 48])), '');
  }
});

test('crooked bytes say no place and harm nothing', () => {
  const good = withPlace(true, [31, 55, 12], [120, 16, 48]);
  for (let cut = 0; cut < good.length; cut++) assert.equal(typeof placeOf(good.slice(0, cut)), 'string');
  for (let at = 0; at < good.length; at++) {
    const bent = good.slice();
    bent[at]! ^= 0xff;
    assert.equal(typeof placeOf(bent), 'string');
  }
});
