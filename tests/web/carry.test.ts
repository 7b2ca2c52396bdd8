// Outbox files are byte for byte those of the vectors that the record's side opens; receipts need the record's signature.
import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { before, test } from 'node:test';
import * as Automerge from '@automerge/automerge/slim';
import { fromHex, hex, joined, type Bytes } from '../../web/src/shared/bytes.ts';
import { outboxFile, outboxSignBytes, sealedFile, trusted } from '../../web/src/worker/carry.ts';
import { Database } from '../../web/src/worker/database.ts';
import { Device } from '../../web/src/worker/device.ts';
import { recordVerifies } from '../../web/src/worker/receipts.ts';
import { Vault } from '../../web/src/worker/vault.ts';
import { Signer } from '../../web/src/worker/signer.ts';
import type { Python, ReadReceipts, Received } from '../../web/src/worker/python.ts';

declare const __ROOT__: string;
interface Vector {
  record_public: string;
  published: { alg: number; public_key: string; sig: string }[];
  outbox: { frames: string; content: string; files: { alg: number; public_key: string; ephemeral_private: string; encapsulated: string; file: string }[] };
  receipts: { frames: string; signature: string; file: string };
}
const vector = JSON.parse(fs.readFileSync(`${__ROOT__}/tests/vectors/carried.json`, 'utf8')) as Vector;
const keys = vector.published.map(({ alg, public_key: publicKey, sig }) => ({ alg, publicKey, sig }));
const NOTHING: Received = {
  empty: false, pulled: 0, receipts: [], settled: [], taken: [], refused: [], records: {}, documents: {}, directory: null, beacon: null, forked: false, ended: false,
  standing: { cursor: 0, scope: '', config: 0 }, purge: [], contents: [], left_out: [], forgotten: [], own_seq: 0, left: null, shared: null, again: [], lost: 0,
};
const signed = async (): Promise<Bytes> => joined(
  new TextEncoder().encode('shouwen-carried-receipts-1'), new Uint8Array(await crypto.subtle.digest('SHA-256', fromHex(vector.receipts.frames))));

let database: Database;
let read: ReadReceipts;
let waits = 1;
const told: string[] = [];
const python = {
  openDevice() {}, loadRecords() {}, keptGlances: () => null, believeGlances: () => 0, loadWaiting() {}, loadContents() {}, lock() {},
  carryOut: () => ({ frames: fromHex(vector.outbox.frames), count: waits }),
  readReceipts: () => read,
  settle: () => { told.push('settle'); },
} as unknown as Python;
let device: Device;

before(async () => {
  await Automerge.initializeWasm(fs.readFileSync(`${__ROOT__}/node_modules/@automerge/automerge/dist/automerge.wasm`));
  globalThis.fetch = async () => Response.json({ device: 'd1', code: 'K7Q' }, { status: 201 });
  database = await Database.open('shouwen');
  device = new Device(database, async () => python, async () => {});
  await device.enrol('four words are better', 'test', { user: 'u1', name: 'Lin', csrf: 'c', fresh: true, ownWords: [], recordKey: vector.record_public, carryKeys: [] });
});

test('the browser encrypts exactly as RFC 9180 and the vectors say, for both algorithms', async () => {
  for (const { alg, public_key: publicKey, ephemeral_private: secret, encapsulated, file } of vector.outbox.files) {
    const made = await sealedFile({ alg, publicKey }, fromHex(vector.outbox.content), await fixedKeys(alg, secret, encapsulated));
    assert.equal(hex(made), file);
  }
});

test('a file is for the record only: another each time, nothing of the content in it or in its name', async () => {
  const { signer } = await Signer.create((await Vault.create('four words are better', [], 1)).wrapping);
  const frames = fromHex(vector.outbox.frames);
  const [one, other] = [(await outboxFile(signer, keys, frames))!, (await outboxFile(signer, keys, frames))!];
  assert.match(one.name, /^shouwen-[0-9a-f]{8}\.carry$/);
  assert.notEqual(hex(one.bytes), hex(other.bytes));
  assert.equal(Buffer.from(one.bytes.subarray(0, 8)).toString(), 'SWCARRY1');
  assert.equal(one.bytes[8], 1, 'X25519 where there is X25519');
  for (const readable of ['hello', 'p-lin', 'd1d1', '社保卡']) assert.equal(Buffer.from(one.bytes).indexOf(readable), -1);
  assert.equal(await outboxFile(signer, [], frames), null);
});

test('where the browser has no X25519 the file is made with P-256', async () => {
  const { signer } = await Signer.create((await Vault.create('four words are better', [], 1)).wrapping);
  const generate = crypto.subtle.generateKey;
  crypto.subtle.generateKey = (async (how: Algorithm, ...rest: [boolean, KeyUsage[]]) => {
    if (how.name === 'X25519') throw new DOMException('no', 'NotSupportedError');
    return await generate.call(crypto.subtle, how, ...rest);
  }) as never;
  try {
    assert.equal((await outboxFile(signer, keys, fromHex(vector.outbox.frames)))!.bytes[8], 2);
  } finally {
    crypto.subtle.generateKey = generate;
  }
});

test('only keys that the record signed are believed', async () => {
  assert.deepEqual(await trusted(vector.record_public, keys), keys);
  const foreign = { ...keys[0]!, publicKey: '11'.repeat(32) };
  assert.deepEqual(await trusted(vector.record_public, [foreign, keys[1]!]), [keys[1]]);
});

test('the content is the device’s signature over all frames, then the frames', async () => {
  const content = fromHex(vector.outbox.content);
  assert.equal(gunzipSync(content.subarray(65)).toString('hex'), vector.outbox.frames);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', fromHex(vector.outbox.frames)));
  const acts = JSON.parse(fs.readFileSync(`${__ROOT__}/tests/vectors/acts.json`, 'utf8')) as { device_key: { public: string } };
  const key = await crypto.subtle.importKey('raw', fromHex(acts.device_key.public), 'Ed25519', false, ['verify']);
  assert.ok(await crypto.subtle.verify('Ed25519', key, content.subarray(1, 65), outboxSignBytes(hash)));
});

test('a device carries out what waits once it knows the record’s keys, and remembers that it did', async () => {
  assert.deepEqual(await device.carryOut(), { problem: 'no_carry_key' });
  await device.learnCarryKeys({ user: 'u1', name: '', csrf: '', fresh: true, ownWords: [], recordKey: 'ignored', carryKeys: keys });
  const file = await device.carryOut();
  assert.ok('bytes' in file && file.count === 1);
  waits = 0;
  assert.deepEqual(await device.carryOut(), { problem: 'nothing_waits' });
});

test('receipts that came back are believed with the record’s signature, and with no other', async () => {
  read = { problem: 'cut' };
  assert.deepEqual(await device.takeReceipts(new Uint8Array(3)), { problem: 'cut' });
  for (const [key, problem] of [['', 'tampered'], [vector.record_public, 'tampered'], ['ab'.repeat(32), 'unknown_key']] as const) {
    read = { received: NOTHING, signature: '00'.repeat(64), signed: await signed(), key };
    assert.deepEqual(await device.takeReceipts(new Uint8Array(3)), { problem });
  }
  assert.deepEqual(told, []);
  read = { received: NOTHING, signature: vector.receipts.signature, signed: await signed(), key: '' };
  assert.deepEqual(await device.takeReceipts(new Uint8Array(3)), { receipts: 0, refused: 0, left: 0 });
  assert.deepEqual(told, ['settle']);
  read = { ...read, received: { ...NOTHING, purge: ['c2'.repeat(16)] } };
  assert.deepEqual(await device.takeReceipts(new Uint8Array(3)), { receipts: 0, refused: 0, left: 1 });
  assert.equal(await recordVerifies(vector.record_public, vector.receipts.signature, await signed()), true);
});

test('a file that tells another history of the record is said to be that, and the core is told once its signature holds', async () => {
  const forked = { ...NOTHING, forked: true };
  told.length = 0;
  read = { received: forked, signature: '00'.repeat(64), signed: await signed(), key: '' };
  assert.deepEqual(await device.takeReceipts(new Uint8Array(3)), { problem: 'tampered' });
  assert.deepEqual(told, []);
  read = { ...read, signature: vector.receipts.signature };
  assert.deepEqual(await device.takeReceipts(new Uint8Array(3)), { problem: 'record_forked' });
  assert.deepEqual(told, ['settle']);
});

async function fixedKeys(alg: number, secret: string, encapsulated: string): Promise<CryptoKeyPair> {
  const point = Buffer.from(encapsulated, 'hex');
  const d = Buffer.from(secret, 'hex').toString('base64url');
  const jwk = alg === 1
    ? { kty: 'OKP', crv: 'X25519', x: point.toString('base64url') }
    : { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  const how = alg === 1 ? { name: 'X25519' } : { name: 'ECDH', namedCurve: 'P-256' };
  return {
    privateKey: await crypto.subtle.importKey('jwk', { ...jwk, d }, how, true, ['deriveBits']),
    publicKey: await crypto.subtle.importKey('jwk', jwk, how, true, []),
  };
}
