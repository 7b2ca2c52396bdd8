// A device believes a later key of the record only when the one before it signed it, and a former one only for its time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hex, utf8, type Bytes } from '../../web/src/shared/bytes.ts';
import type { Receipt } from '../../web/src/worker/python.ts';
import { followed, OtherRecord, signerOf } from '../../web/src/worker/record_keys.ts';

interface Key { publicKey: string; sign: (content: Bytes) => Promise<string> }
async function newKey(): Promise<Key> {
  const pair = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']) as CryptoKeyPair;
  return {
    publicKey: hex(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))),
    sign: async content => hex(new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, content))),
  };
}
const step = async (signer: Key, next: Key, sinceMs: number) => {
  const message = utf8(`${next.publicKey} since ${sinceMs}`);
  return { public_key: next.publicKey, since_ms: sinceMs, signer: signer.publicKey, sig: await signer.sign(message), message };
};
const receipt = (receivedAtMs: number): Receipt => ({ case_id: '00', hash: '00', log_index: 0, received_at_ms: receivedAtMs, sig: '' });

test('two missed changes are followed, and what came before is known for its time', async () => {
  const [one, two, three] = [await newKey(), await newKey(), await newKey()];
  const keys = await followed({ recordKey: one.publicKey }, { keys: [await step(one, two, 10), await step(two, three, 20)] });
  assert.deepEqual(keys, { recordKey: three.publicKey, formerKeys: [{ publicKey: one.publicKey, untilMs: 10 }, { publicKey: two.publicKey, untilMs: 20 }] });
  assert.equal(await followed(keys!, { keys: [] }), null);
  const said = utf8('receipts');
  for (const [signer, at, expected] of [[one, 9, one], [one, 10, three], [two, 19, two], [two, 20, three], [three, 9, three]] as const) {
    assert.equal(await signerOf(keys!, await signer.sign(said), said, [receipt(at)]), expected.publicKey);
  }
});

test('a step that the key before did not sign ends it, wherever it is', async () => {
  const [one, two, three, stranger] = [await newKey(), await newKey(), await newKey(), await newKey()];
  const good = await step(one, two, 10);
  for (const bad of [
    [{ ...await step(stranger, two, 10), signer: one.publicKey }],
    [await step(stranger, two, 10)],
    [good, { ...await step(stranger, three, 20), signer: two.publicKey }],
    [good, { ...await step(two, three, 20), message: utf8('something else') }],
  ]) await assert.rejects(followed({ recordKey: one.publicKey }, { keys: bad }), OtherRecord);
  await assert.rejects(followed({ recordKey: one.publicKey }, { problem: 'other_record' }), OtherRecord);
});
