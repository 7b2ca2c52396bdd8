// Which keys of the record this device believes: the newest, and those before it for what they signed in their time.
// What has to verify before a new one is believed is decided in py_core/key_chain.py.
import type { Bytes } from '../shared/bytes.ts';
import type { KeySteps, Receipt } from './python.ts';
import { recordVerifies } from './receipts.ts';

/** A key that the record does not use any more, and the moment since which another one is used. */
export interface FormerKey { publicKey: string; untilMs: number }
/** `recordKey` is the newest key of the record that this device believes; it began with the one of its enrolment. */
export interface RecordKeys { recordKey: string; formerKeys?: FormerKey[] }

/** No chain of signed changes leads to the key that the record uses: it is another record, or somebody stands between. */
export class OtherRecord extends Error {
  constructor() { super('no chain of signed changes leads to the key of the record'); }
}

/** The keys after every step of a chain was checked; throws `OtherRecord` when one does not hold. Null: nothing new. */
export async function followed(known: RecordKeys, steps: KeySteps): Promise<Required<RecordKeys> | null> {
  if ('problem' in steps) throw new OtherRecord();
  let { recordKey } = known;
  const formerKeys = [...known.formerKeys ?? []];
  for (const { signer, sig, message, public_key: next, since_ms: sinceMs } of steps.keys) {
    if (signer !== recordKey || await recordVerifies(recordKey, sig, message) === false) throw new OtherRecord();
    formerKeys.push({ publicKey: recordKey, untilMs: sinceMs });
    recordKey = next;
  }
  return steps.keys.length ? { recordKey, formerKeys } : null;
}

/** The key that signed something that says to be of these receipts' time; the newest when no former one did. */
export async function signerOf(known: RecordKeys, signature: string, signed: Bytes, receipts: readonly Receipt[]): Promise<string> {
  const newest = Math.max(0, ...receipts.map(receipt => receipt.received_at_ms));
  for (const { publicKey, untilMs } of known.formerKeys ?? []) {
    if (newest < untilMs && await recordVerifies(publicKey, signature, signed)) return publicKey;
  }
  return known.recordKey;
}

/** Whether a key that something names as its signer's is one of these; where it names none there is no other to think of. */
export function knows(known: RecordKeys, key: string): boolean {
  return !key || key === known.recordKey || (known.formerKeys ?? []).some(({ publicKey }) => publicKey === key);
}
