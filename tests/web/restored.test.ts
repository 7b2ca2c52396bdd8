// A record that comes back from a backup, with the real engine and the real disk: which acts count as lost (two ticks
// once, on their way again) and which only wait again, through refusals, a restart and a second and third return.
import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { before, test } from 'node:test';
import * as Automerge from '@automerge/automerge/slim';
import { fromHex, hex, joined, utf8, type Bytes } from '../../web/src/shared/bytes.ts';
import { Database } from '../../web/src/worker/database.ts';
import { Device } from '../../web/src/worker/device.ts';
import type { Open } from '../../web/src/worker/opened.ts';
import { Python, type Beacon } from '../../web/src/worker/python.ts';
import { beaconSignBytes, receiptSignBytes } from '../../web/src/worker/receipts.ts';
import { recordOrMakeRoom } from '../../web/src/worker/recording.ts';
import { Vault } from '../../web/src/worker/vault.ts';
import { asInBrowser } from './engine_in_node.ts';

declare const __ROOT__: string;
const PASSPHRASE = 'four words are better';
const DEVICE = 'd1'.repeat(16);
const ONE = 'a1'.repeat(16), OTHER = 'b2'.repeat(16);
const ACT = {
  app_version: '1', beacon: null, claimed_at: '2026-11-20T10:00:00+08:00', device: DEVICE, device_seq: 0, events: [] as unknown[], kind: 'note',
  occurred_at: '2026-11-20T10:00:00+08:00', pack_version: 'p', since_beacon_ms: null, user: 'u1', v: 1,
};

let python: Python;
let database: Database;
let device: Device;
let recordSigns: CryptoKey;

before(async () => {
  await Automerge.initializeWasm(fs.readFileSync(`${__ROOT__}/node_modules/@automerge/automerge/dist/automerge.wasm`));
  asInBrowser();
  python = await Python.boot();
  await python.complete();
  const { privateKey, publicKey } = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']) as CryptoKeyPair;
  recordSigns = privateKey;
  const recordKey = hex(new Uint8Array(await crypto.subtle.exportKey('raw', publicKey)));
  globalThis.fetch = async () => Response.json({ device: DEVICE, code: 'K7Q', enrolment: { text: '{}', sig: '' } }, { status: 201 });
  database = await Database.open('shouwen');
  device = new Device(database, async () => python, async () => {});
  await device.enrol(PASSPHRASE, 'test', { user: 'u1', name: 'Lin', csrf: 'c', fresh: true, ownWords: [], recordKey, carryKeys: [] });
});

test('only acts whose receipts a return took back count as lost, until they are taken anew or refused', { timeout: 120_000 }, async () => {
  const [first, second] = [await does(ONE), await does(ONE)];
  const third = await does(OTHER);
  await hears(1, [accepted(first, ONE, 0), refused(second), refused(third)], { lineage: 'l1' });
  assert.deepEqual(counts(), { waiting: 0, refused: 2, lost: [] });

  // It returns from before all of it: the refused ones are offered anew as well, but they had no two ticks.
  await hears(0, [], { lineage: 'l2', more: true, shared: 0 });
  assert.deepEqual(counts(), { waiting: 3, refused: 0, lost: [first] });
  assert.equal(told(), 1);
  await startsAnew();
  assert.deepEqual(counts(), { waiting: 3, refused: 0, lost: [first] });

  // It returns a second time before it took anything: what is on its way is still that one.
  await hears(0, [], { lineage: 'l3', more: true, shared: 0 });
  assert.deepEqual(counts(), { waiting: 3, refused: 0, lost: [first] });
  assert.equal(told(), 1);

  // Now it takes what it had refused and refuses what it had taken; what returns the third time without them lost two.
  await hears(2, [refused(first), accepted(second, ONE, 0), accepted(third, OTHER, 1)], { lineage: 'l3' });
  assert.deepEqual(counts(), { waiting: 0, refused: 1, lost: [] });
  await hears(0, [], { lineage: 'l4', more: true, shared: 0 });
  const lost = [second, third].sort();
  assert.deepEqual(counts(), { waiting: 3, refused: 0, lost });
  assert.equal(told(), 2);
  await startsAnew();
  assert.deepEqual(counts(), { waiting: 3, refused: 0, lost });
});

const opened = (): Open => (device as unknown as { opened: Open }).opened;
const told = (): number | undefined => opened().book.restored?.count;

/** Records an act as a page would; its hash. */
async function does(caseId: string): Promise<string> {
  const open = opened();
  const known = new Set((await open.shelf.waiting()).map(({ hash }) => hash));
  const number = open.book.nextSeq;
  await recordOrMakeRoom(open, [{ case_id: caseId, text: JSON.stringify({ ...ACT, device_seq: number, events: [{ text: `${number}`, type: 'note_added' }] }) }]);
  return (await open.shelf.waiting()).find(({ hash }) => !known.has(hash))!.hash;
}

/** The worker ends and starts: what counts comes from the disk. */
async function startsAnew(): Promise<void> {
  await device.lock();
  device = new Device(database, async () => python, async () => {});
  await device.unlock(from => Vault.unlock(from, PASSPHRASE));
}

/** What the device counts, as Python has it. */
function counts(): { waiting: number; refused: number; lost: string[] } {
  const { engine } = python as unknown as { engine: { runPython(text: string): string } };
  const { waiting, refused: kept } = python.syncState();
  return { waiting, refused: kept, lost: engine.runPython("from host.device import opened\n' '.join(sorted(opened().client.lost))").split(' ').filter(Boolean) };
}

const refused = (hash: string) => async () => [message({ t: 'verdict', hash, verdict: 'quarantined', reason: 'foreign_scope' })];
/** The record took it, and tells it in its feed. */
const accepted = (hash: string, caseId: string, index: number) => async () => {
  const receipt = { case_id: caseId, hash, log_index: index, received_at_ms: 5, sig: '' };
  const verdict = { t: 'verdict', hash, verdict: 'accepted', log_index: index, received_at_ms: 5, sig: await signed(receiptSignBytes(receipt)) };
  const { raw } = (await opened().shelf.waiting()).find(each => each.hash === hash)!;
  return [message(verdict), frame(2, joined(fromHex(caseId), u64(index), u64(5), raw))];
};

/** One exchange in which the record, whose log has so many acts, says this. */
async function hears(logSize: number, said: (() => Promise<Bytes[]>)[], end: { lineage: string; more?: boolean; shared?: number }): Promise<void> {
  const beacon: Beacon = { id: '5-0011223344556677', server_time_ms: 5, log_size: logSize, sig: '', root: '', older: 0, path: [] };
  const frames = (await Promise.all(said.map(each => each()))).flat();
  frames.push(message({ t: 'beacon', id: beacon.id, server_time_ms: 5, log_size: logSize, sig: await signed(beaconSignBytes(beacon)) }));
  frames.push(message({ t: 'end', cursor: logSize, more: false, scope: 's', ...end }));
  await device.request();
  assert.notEqual(await device.takeAnswer(frames), null);
}

const message = (data: object): Bytes => frame(1, utf8(JSON.stringify(data)));
const frame = (type: number, payload: Bytes): Bytes => joined(u64(payload.length + 1).slice(4), new Uint8Array([type]), payload);

function u64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

async function signed(content: Bytes): Promise<string> { return hex(new Uint8Array(await crypto.subtle.sign('Ed25519', recordSigns, content))); }
