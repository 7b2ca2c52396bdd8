// Believes two ticks only with the record's signature under them.
import { fromHex, joined, utf8, type Bytes } from '../shared/bytes.ts';
import type { Receipt, Received } from './python.ts';

/** Throws when a receipt or beacon is not signed by the record. */
export async function checkReceipts(recordKey: string, received: Pick<Received, 'receipts' | 'beacon'>): Promise<void> {
  const { receipts, beacon } = received;
  if (!receipts.length && !beacon) return;
  const signed = receipts.map(receipt => [receiptSignBytes(receipt), receipt.sig] as const);
  if (beacon) signed.push([joined(utf8('shouwen-beacon-1'), utf8(beacon.id), u64(beacon.server_time_ms), u64(beacon.log_size)), beacon.sig]);
  for (const [content, signature] of signed) {
    if (await recordVerifies(recordKey, signature, content) === false) throw new Error('not signed by the record');
  }
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
