// The outbox as a file for a USB stick, byte by byte as docs/sync-protocol.md has it, and the trust in what comes back.
import { fromHex, hex, joined, utf8, type Bytes } from '../shared/bytes.ts';
import { boxLength, ephemeralKeys, HPKE_P256, HPKE_X25519, seal } from './hpke.ts';
import { gzip } from './record.ts';
import { recordVerifies } from './receipts.ts';
import type { Signer } from './signer.ts';

/** A key of the record that outboxes are encrypted for, with the record's signature over it. */
export interface CarryKey { alg: number; publicKey: string; sig: string }
export interface OutboxFile { name: string; bytes: Bytes }

const MAGIC = utf8('SWCARRY1');
const INFO = utf8('shouwen-carry-1');

/** The frames as a file that only the record can read; its name says nothing. Null when no key fits this browser. */
export async function outboxFile(signer: Signer, keys: readonly CarryKey[], frames: Bytes): Promise<OutboxFile | null> {
  const chosen = await usable(keys);
  if (!chosen) return null;
  const content = joined(new Uint8Array([signer.alg]), await signer.signOutbox(outboxSignBytes(await sha256(frames))), await gzip(frames));
  const bytes = await sealedFile(chosen.key, content, chosen.ephemeral);
  return { name: `shouwen-${hex(await sha256(bytes)).slice(0, 8)}.carry`, bytes };
}

/** The whole file around a content; exported for the vectors, where the ephemeral key is fixed. */
export async function sealedFile(key: Pick<CarryKey, 'alg' | 'publicKey'>, content: Bytes, ephemeral: CryptoKeyPair): Promise<Bytes> {
  const publicKey = fromHex(key.publicKey);
  const head = new Uint8Array(21);
  head.set(MAGIC);
  head[8] = key.alg;
  head.set((await sha256(publicKey)).subarray(0, 8), 9);
  new DataView(head.buffer).setUint32(17, boxLength(key.alg, content.length));
  return joined(head, await seal(key.alg, publicKey, joined(INFO, head), content, ephemeral));
}

/** What a device signs for the frames of an outbox file. */
export function outboxSignBytes(hash: Bytes): Bytes { return joined(utf8('shouwen-carried-1'), hash); }

/** The keys that the record really published; those that cannot be checked here came by the same way as the record's own. */
export async function trusted(recordKey: string, keys: readonly CarryKey[]): Promise<CarryKey[]> {
  const good: CarryKey[] = [];
  for (const key of keys) {
    const signed = joined(utf8('shouwen-carry-key-1'), new Uint8Array([key.alg]), fromHex(key.publicKey));
    if (await recordVerifies(recordKey, key.sig, signed) !== false) good.push(key);
  }
  return good;
}

/** X25519 where the browser has it, else P-256, which every browser has. */
async function usable(keys: readonly CarryKey[]): Promise<{ key: CarryKey; ephemeral: CryptoKeyPair } | null> {
  for (const alg of [HPKE_X25519, HPKE_P256]) {
    const key = keys.find(each => each.alg === alg);
    if (!key) continue;
    try {
      return { key, ephemeral: await ephemeralKeys(alg) };
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'NotSupportedError')) throw error;
    }
  }
  return null;
}

async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
