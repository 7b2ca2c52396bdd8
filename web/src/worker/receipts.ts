// Believes two ticks only with the record's signature under them.
import { fromHex, hex, joined, utf8, type Bytes } from '../shared/bytes.ts';
import type { Beacon, Receipt, Received } from './python.ts';

/** Something is not under the signature of the key that is believed; perhaps the record has another one by now. */
export class NotSigned extends Error {
  constructor() { super('not signed by the record'); }
}

const SIGNATURE_BYTES = 64;
const HASH_BYTES = 32;
const SHARED = 1;

/** Throws `NotSigned` when a receipt or beacon is not signed by the record. */
export async function checkReceipts(recordKey: string, received: Pick<Received, 'receipts' | 'beacon'>): Promise<void> {
  const { receipts, beacon } = received;
  if (!receipts.length && !beacon) return;
  const believed = new Set<string>(); // receipts of one answer share a signature: it is verified once
  for (const receipt of receipts) {
    const { content, signature } = await signedPart(receipt);
    const pair = `${hex(signature)} ${hex(content)}`;
    if (!believed.has(pair) && await recordVerifies(recordKey, hex(signature), content) === false) throw new NotSigned();
    believed.add(pair);
  }
  if (beacon) {
    const content = beaconSignBytes(beacon);
    if (await recordVerifies(recordKey, beacon.sig, content) === false) throw new NotSigned();
  }
}

/** What the record signs for its time and, with a root, for its log and the proof. */
export function beaconSignBytes(beacon: Beacon): Bytes {
  const said = joined(utf8(beacon.id), u64(beacon.server_time_ms), u64(beacon.log_size));
  if (!beacon.root) return joined(utf8('shouwen-beacon-1'), said);
  return joined(utf8('shouwen-beacon-2'), said, fromHex(beacon.root), u64(beacon.older), fromHex(beacon.path.join('')));
}

/** Whether the record signed this; null where the browser has no Ed25519. */
export async function recordVerifies(recordKey: string, signature: string, content: Bytes): Promise<boolean | null> {
  const key = await importKey(recordKey);
  return key ? await crypto.subtle.verify('Ed25519', key, fromHex(signature), content) : null;
}

/** What the record signs for an act that it took. */
export function receiptSignBytes(receipt: Receipt): Bytes {
  return joined(utf8('shouwen-receipt-1'), fromHex(receipt.case_id), fromHex(receipt.hash), u64(receipt.log_index), u64(receipt.received_at_ms));
}

/** The signature in a receipt and what it is over: the receipt itself, or the root of the tree that it stands in. */
export async function signedPart(receipt: Receipt): Promise<{ content: Bytes; signature: Bytes }> {
  const proof = fromHex(receipt.sig);
  const alone = receiptSignBytes(receipt);
  if (proof.length === SIGNATURE_BYTES) return { content: alone, signature: proof };
  const path = proof.slice(1 + SIGNATURE_BYTES);
  if (proof[0] !== SHARED || proof.length <= SIGNATURE_BYTES || path.length % HASH_BYTES) throw new Error('a receipt without a signature');
  let root = await sha256(alone);
  for (let at = 0; at < path.length; at += HASH_BYTES) root = await node(root, path.slice(at, at + HASH_BYTES));
  return { content: joined(utf8('shouwen-receipts-1'), root), signature: proof.slice(1, 1 + SIGNATURE_BYTES) };
}

async function node(one: Bytes, other: Bytes): Promise<Bytes> {
  const [low, high] = hex(one) < hex(other) ? [one, other] : [other, one];
  return await sha256(joined(utf8('shouwen-receipt-node-1'), low, high));
}

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** Null where the browser has no Ed25519: the receipts are kept and can be checked elsewhere. */
async function importKey(recordKey: string): Promise<CryptoKey | null> {
  try {
    return await crypto.subtle.importKey('raw', fromHex(recordKey), 'Ed25519', false, ['verify']);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotSupportedError') return null;
    throw error;
  }
}

function u64(value: number): Bytes {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
