// The browser's side agrees byte for byte with the vectors that Python checks: text, change, hash, signature.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { before, test } from 'node:test';
import * as Automerge from '@automerge/automerge/slim';
import { fromHex, hex, joined, utf8 } from '../../web/src/shared/bytes.ts';
import { GENESIS, appendAct, applyChanges, withoutChanges } from '../../web/src/worker/documents.ts';
import { actSignBytes, enrolSignBytes } from '../../web/src/worker/signer.ts';

declare const __ROOT__: string;
interface Vectors {
  case_id: string;
  genesis: { change: string; hash: string };
  device_key: { seed: string; public: string };
  enrolment: { text: string; sig: string };
  actors: { actor: string; device: string; sig: string }[];
  acts: { text: string; actor: string; deps: string[]; change: string; hash: string; signature: string }[];
}
const vectors = JSON.parse(fs.readFileSync(`${__ROOT__}/tests/vectors/acts.json`, 'utf8')) as Vectors;

before(async () => {
  await Automerge.initializeWasm(fs.readFileSync(`${__ROOT__}/node_modules/@automerge/automerge/dist/automerge.wasm`));
});

test('every case starts from the same bytes', () => {
  assert.equal(hex(GENESIS), vectors.genesis.change);
  assert.equal(Automerge.decodeChange(GENESIS).hash, vectors.genesis.hash);
});

test('Automerge writes exactly the changes of the vectors', () => {
  const known = new Map<string, string>();
  for (const act of vectors.acts) {
    const seen = ancestors(act.deps, known);
    const binary = applyChanges(null, act.actor, seen.map(fromHex));
    const made = appendAct(binary, act.actor, act.text);
    assert.equal(hex(made.change), act.change);
    assert.equal(Automerge.decodeChange(made.change).hash, act.hash);
    known.set(act.hash, act.change);
  }
});

test('replicas that take the changes in any lawful order are equal', () => {
  const inOrder = applyChanges(null, '01'.repeat(16), vectors.acts.map(act => fromHex(act.change)));
  const repeated = applyChanges(inOrder, '02'.repeat(16), vectors.acts.map(act => fromHex(act.change)));
  assert.deepEqual(texts(repeated), texts(inOrder));
  assert.deepEqual(new Set(texts(inOrder)), new Set(vectors.acts.map(act => act.text)));
});

test('a refused act and what depends on it leave the document, the rest stays', () => {
  const all = applyChanges(null, '01'.repeat(16), vectors.acts.map(act => fromHex(act.change)));
  const last = vectors.acts.at(-1)!;
  const rest = withoutChanges(all, '01'.repeat(16), new Set([last.hash]));
  assert.equal(texts(rest).length, vectors.acts.length - 1);
  const whole = withoutChanges(all, '01'.repeat(16), new Set([vectors.acts[0]!.hash]));
  assert.equal(texts(whole).length, vectors.acts.length, 'without its first act nothing could be written in it any more');
});

test('a change without its causes is refused', () => {
  const later = vectors.acts.find(act => act.deps.some(dep => dep !== vectors.genesis.hash))!;
  assert.throws(() => applyChanges(null, '01'.repeat(16), [fromHex(later.change)]), /before its causes/);
});

test('WebCrypto verifies the signatures of acts and announcements, and makes the same ones', async () => {
  const key = await crypto.subtle.importKey('raw', fromHex(vectors.device_key.public), 'Ed25519', false, ['verify']);
  const pkcs8 = joined(fromHex('302e020100300506032b657004220420'), fromHex(vectors.device_key.seed));
  const secret = await crypto.subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
  for (const act of vectors.acts) {
    const content = actSignBytes(vectors.case_id, act.hash);
    assert.ok(await crypto.subtle.verify('Ed25519', key, fromHex(act.signature), content));
    assert.equal(hex(new Uint8Array(await crypto.subtle.sign('Ed25519', secret, content))), act.signature);
  }
  for (const { actor, device, sig } of vectors.actors) {
    const content = joined(utf8('shouwen-actor-1'), fromHex(actor), utf8(device));
    assert.equal(hex(new Uint8Array(await crypto.subtle.sign('Ed25519', secret, content))), sig);
  }
  const enrolment = JSON.parse(vectors.enrolment.text) as { user: string; alg: number; public_key: string; name: string; asked: string };
  const asked = enrolSignBytes(enrolment.user, enrolment.alg, enrolment.public_key, enrolment.name);
  assert.equal(hex(new Uint8Array(await crypto.subtle.sign('Ed25519', secret, asked))), enrolment.asked);
});

function ancestors(deps: string[], known: Map<string, string>): string[] {
  const wanted = new Set(deps);
  const reversed = [...known].reverse();
  for (const [hash, change] of reversed) {
    if (wanted.has(hash)) for (const dep of Automerge.decodeChange(fromHex(change)).deps) wanted.add(dep);
  }
  return [...known].filter(([hash]) => wanted.has(hash)).map(([, change]) => change);
}

function texts(binary: Uint8Array): string[] {
  return Automerge.load<{ acts: Automerge.ImmutableString[] }>(binary).acts.map(act => act.toString());
}
