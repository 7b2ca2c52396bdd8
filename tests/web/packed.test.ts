// A reader of the frames in short, written from docs/sync-protocol.md alone: it finds what Python has packed.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { before, test } from 'node:test';
import zlib from 'node:zlib';
import * as Automerge from '@automerge/automerge/slim';
import { fromHex, hex } from '../../web/src/shared/bytes.ts';
import type { Beacon } from '../../web/src/worker/python.ts';
import { checkReceipts, signedPart } from '../../web/src/worker/receipts.ts';

declare const __ROOT__: string;
interface Change { case_id: string; log_index: number; received_at_ms: number; raw: string }
interface Receipt { case_id: string; hash: string; log_index: number; received_at_ms: number; sig: string }
interface Packed {
  log: { changes: Change[]; whole: { frame: string; inflated: string } };
  receipts: { frame: string; root: string; receipts: Receipt[] };
  included: { size: number; root: string; leaves: Record<string, string>; frame: string };
  messages: { json: Record<string, unknown>; short: string }[];
}
const vector = JSON.parse(fs.readFileSync(`${__ROOT__}/tests/vectors/packed.json`, 'utf8')) as Packed;
const recordKey = (JSON.parse(fs.readFileSync(`${__ROOT__}/tests/vectors/exchange.json`, 'utf8')) as { server_key: { public: string } }).server_key.public;

before(async () => {
  await Automerge.initializeWasm(fs.readFileSync(`${__ROOT__}/node_modules/@automerge/automerge/dist/automerge.wasm`));
});

class Reader {
  private at = 0;
  constructor(readonly bytes: Uint8Array) {}
  get done(): boolean { return this.at >= this.bytes.length; }
  take(size: number): Uint8Array { this.at += size; assert.ok(this.at <= this.bytes.length); return this.bytes.subarray(this.at - size, this.at); }
  number(): number {
    let number = 0;
    for (let scale = 1; ; scale *= 128) { const byte = this.take(1)[0]!; number += (byte & 0x7f) * scale; if (byte < 0x80) return number; }
  }
  text(): string { return new TextDecoder().decode(this.take(this.number())); }
  rest(): Record<string, unknown> { return this.done ? {} : JSON.parse(new TextDecoder().decode(this.take(this.bytes.length - this.at))) as Record<string, unknown>; }
}

const numbers = (column: Uint8Array): number[] => { const reader = new Reader(column), all = []; while (!reader.done) all.push(reader.number()); return all; };
const signed = (column: Uint8Array): number[] => numbers(column).map(each => each % 2 ? -(each + 1) / 2 : each / 2);
const lines = (column: Uint8Array): string[] => new TextDecoder().decode(column).split('\n').slice(0, -1);
const pieces = (column: Uint8Array, size: number): string[] => Array.from({ length: column.length / size }, (_, at) => hex(column.slice(at * size, (at + 1) * size)));
const opened = (frame: string, type: number): Reader => { const bytes = fromHex(frame); assert.equal(bytes[4], type); return new Reader(bytes.subarray(5)); };

function texts(columns: Uint8Array[]): string[] {
  const [author, kind, beacon, since] = columns.slice(0, 4).map(numbers) as [number[], number[], number[], number[]];
  const [seq, claimed, occurred] = columns.slice(4, 7).map(signed) as [number[], number[], number[]];
  const said = lines(columns[7]!), kinds = lines(columns[8]!), tags = pieces(columns[10]!, 8), events = lines(columns[11]!);
  let time = 0, last = 0, fresh = 0, at = 0;
  const times = signed(columns[9]!).map(step => (time += step));
  const seqs = new Map<string, number>();
  return author.map((which, row) => {
    if (!which) return events[row]!;
    const [device, user, app, pack, minutes] = said.slice((which - 1) * 5, which * 5) as [string, string, string, string, string];
    const place = beacon[at] === 1 ? fresh++ : beacon[at]! - 2;
    const sinceMs = since[at]! - 1;
    last = (beacon[at] && since[at] ? Math.floor((times[place]! + sinceMs) / 1000) : last) + claimed[at]!;
    seqs.set(device, (seqs.get(device) ?? 0) + 1 + seq[at]!);
    const iso = (second: number): string => {
      const offset = Number(minutes), shown = new Date((second + offset * 60) * 1000).toISOString().slice(0, 19), away = Math.abs(offset);
      return `${shown}${offset < 0 ? '-' : '+'}${String(Math.floor(away / 60)).padStart(2, '0')}:${String(away % 60).padStart(2, '0')}`;
    };
    const named = beacon[at] ? `"${times[place]!.toString(16)}-${tags[place]!}"` : 'null';
    const text = `{"app_version":${app},"beacon":${named},"claimed_at":"${iso(last)}","device":${device},"device_seq":${seqs.get(device)!},"events":${events[row]!},"kind":${kinds[kind[at]!]!},"occurred_at":"${iso(last - occurred[at]!)}","pack_version":${pack},"since_beacon_ms":${since[at] ? sinceMs : 'null'},"user":${user},"v":1}`;
    at += 1;
    return text;
  });
}

test('the log in one frame: cases, places, causes, actors and texts are those of the changes', () => {
  const inflated = new Uint8Array(zlib.inflateRawSync(opened(vector.log.whole.frame, 4).bytes));
  assert.equal(hex(inflated), vector.log.whole.inflated);
  const reader = new Reader(inflated);
  const columns: Uint8Array[] = [];
  while (!reader.done) columns.push(reader.take(reader.number()));
  assert.equal(columns.length, 27);
  const decoded = vector.log.changes.map(each => Automerge.decodeChange(fromHex(each.raw)));
  const digest = new Uint8Array(createHash('sha256').update(fromHex(decoded.map(each => each.hash).join(''))).digest());
  assert.equal(hex(columns[0]!), `01${hex(digest).slice(0, 32)}`);
  const indexes = signed(columns[3]!), times = signed(columns[4]!), actors = pieces(columns[14]!, 16);
  const actorAt = numbers(columns[5]!), seqs = numbers(columns[6]!), causes = numbers(columns[7]!), distances = numbers(columns[8]!);
  const said = texts(columns.slice(15));
  let index = -1, time = 0, next = 0;
  vector.log.changes.forEach((change, at) => {
    index += 1 + indexes[at]!; time += times[at]!;
    assert.deepEqual([index, time], [change.log_index, change.received_at_ms]);
    assert.equal(actors[actorAt[at]!], decoded[at]!.actor);
    assert.equal(seqs[at]! + 1, decoded[at]!.seq);
    const deps = Array.from({ length: causes[at]! }, () => decoded[at - 1 - distances[next++]!]!.hash).sort();
    assert.deepEqual(deps, causes[at] ? decoded[at]!.deps : []);
    assert.ok(JSON.stringify(decoded[at]!.ops).includes(JSON.stringify(said[at])));
  });
});

test('receipts that share a signature: each stands for itself', async () => {
  const reader = opened(vector.receipts.frame, 7), { receipts } = vector.receipts;
  assert.equal(reader.number(), receipts.length);
  await checkReceipts(recordKey, { receipts, beacon: null });
  for (const receipt of receipts) assert.equal(hex((await signedPart(receipt)).content).slice(-64), vector.receipts.root);
  for (const change of [{ log_index: 99 }, { hash: '00'.repeat(32) }, { sig: `${receipts[0]!.sig.slice(0, -2)}00` }, { sig: '01' }, { sig: '' }]) {
    await assert.rejects(checkReceipts(recordKey, { receipts: [{ ...receipts[0]!, ...change }], beacon: null }), /sign/);
  }
});

test('the proof of receipts: what is missing for the root, from left to right', () => {
  const { size, root, leaves, frame } = vector.included;
  const bytes = fromHex(frame);
  assert.equal(bytes[4], 11);
  const hashes = Array.from({ length: (bytes.length - 5) / 32 }, (_, at) => bytes.slice(5 + 32 * at, 37 + 32 * at));
  const sha256 = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
  const known = new Map(Object.entries(leaves).map(([n, leaf]) => [Number(n), fromHex(leaf)]));
  const hashOf = (first: number, last: number): Uint8Array => {
    if (![...known.keys()].some(n => first <= n && n < last)) return hashes.shift()!;
    if (last - first === 1) return known.get(first)!;
    let half = 1;
    while (half * 2 < last - first) half *= 2;
    const left = hashOf(first, first + half);
    return sha256(Uint8Array.of(1), left, hashOf(first + half, last));
  };
  assert.deepEqual(hashOf(0, size), fromHex(root));
  assert.equal(hashes.length, 0);
});

test('messages in short say what they say in full, and a beacon with a root is signed with its proof', async () => {
  const beacons: Beacon[] = [];
  let seen = 0;
  for (const { json, short } of vector.messages) {
    const type = fromHex(short)[4]!, reader = new Reader(fromHex(short).subarray(5));
    let said: Record<string, unknown>;
    if (type === 6) said = { t: 'hello', v: 1, device: hex(reader.take(16).slice()), cursor: reader.number(), config: reader.number(), waiting: reader.number(), app: reader.text(), scope: reader.text(), ...reader.rest() };
    else if (type === 8) said = { t: 'end', cursor: reader.number(), more: reader.number() === 1, scope: reader.text(), ...reader.rest() };
    else if (type === 9) {
      const time = reader.number(), tag = hex(reader.take(8).slice());
      said = { t: 'beacon', id: `${time.toString(16)}-${tag}`, server_time_ms: time, log_size: reader.number(), sig: hex(reader.take(64).slice()) };
      const hashes = reader.number();
      if (hashes) said = { ...said, root: hex(reader.take(32).slice()), older: reader.number() };
      if (hashes > 1) said['path'] = Array.from({ length: hashes - 1 }, () => hex(reader.take(32).slice()));
      said = { ...said, ...reader.rest() };
    } else if (type === 10) said = JSON.parse(zlib.inflateRawSync(reader.bytes).toString()) as Record<string, unknown>;
    else { assert.equal(type, 1); said = reader.rest(); }
    assert.deepEqual(said, json);
    if (said.t === 'beacon' && said.root) beacons.push({ older: 0, path: [], ...said } as unknown as Beacon);
    seen |= 1 << type;
  }
  assert.equal(beacons.length, 1);
  for (const beacon of beacons) {
    await checkReceipts(recordKey, { receipts: [], beacon });
    for (const change of [{ root: '00'.repeat(32) }, { older: 4 }, { path: beacon.path.slice(1) }, { log_size: 9 }]) {
      await assert.rejects(checkReceipts(recordKey, { receipts: [], beacon: { ...beacon, ...change } }), /sign/);
    }
  }
  assert.equal(seen, 1 << 1 | 1 << 6 | 1 << 8 | 1 << 9 | 1 << 10);
});
