// HPKE (RFC 9180), base mode, one message: the part that WebCrypto lacks above its own X25519, P-256, HMAC and AES-GCM.
import { joined, utf8, type Bytes } from '../shared/bytes.ts';

/** DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; and the same with DHKEM(P-256, HKDF-SHA256). */
export const HPKE_X25519 = 1;
export const HPKE_P256 = 2;

const KEM: Record<number, { id: number; key: EcKeyGenParams | Algorithm; bytes: number }> = {
  [HPKE_X25519]: { id: 0x0020, key: { name: 'X25519' }, bytes: 32 },
  [HPKE_P256]: { id: 0x0010, key: { name: 'ECDH', namedCurve: 'P-256' }, bytes: 65 },
};
const KDF_HKDF_SHA256 = 0x0001;
const AEAD_AES_256_GCM = 0x0002;
const TAG_BYTES = 16;
const NOTHING = new Uint8Array(0);

/** Bytes of encapsulated key and ciphertext together for a content of this length. */
export function boxLength(alg: number, contentLength: number): number {
  return KEM[alg]!.bytes + contentLength + TAG_BYTES;
}

/** A fresh key pair of this alg; throws `NotSupportedError` where the browser lacks it. */
export async function ephemeralKeys(alg: number): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(KEM[alg]!.key, true, ['deriveBits']) as CryptoKeyPair;
}

/** Encapsulated key and ciphertext; `ephemeral` must be used once only. */
export async function seal(alg: number, publicKey: Bytes, info: Bytes, content: Bytes, ephemeral: CryptoKeyPair): Promise<Bytes> {
  const kem = KEM[alg]!;
  const recipient = await crypto.subtle.importKey('raw', publicKey, kem.key, false, []);
  const encapsulated = new Uint8Array(await crypto.subtle.exportKey('raw', ephemeral.publicKey));
  const common = new Uint8Array(await crypto.subtle.deriveBits({ name: kem.key.name, public: recipient }, ephemeral.privateKey, 256));
  const kemSuite = joined(utf8('KEM'), u16(kem.id));
  const shared = await expand(kemSuite, await extract(kemSuite, NOTHING, 'eae_prk', common), 'shared_secret', joined(encapsulated, publicKey), 32);
  const suite = joined(utf8('HPKE'), u16(kem.id), u16(KDF_HKDF_SHA256), u16(AEAD_AES_256_GCM));
  const context = joined(
    new Uint8Array(1), await extract(suite, NOTHING, 'psk_id_hash', NOTHING), await extract(suite, NOTHING, 'info_hash', info));
  const secret = await extract(suite, shared, 'secret', NOTHING);
  const key = await crypto.subtle.importKey('raw', await expand(suite, secret, 'key', context, 32), 'AES-GCM', false, ['encrypt']);
  const iv = await expand(suite, secret, 'base_nonce', context, 12);
  return joined(encapsulated, new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, content)));
}

async function extract(suite: Bytes, salt: Bytes, label: string, input: Bytes): Promise<Bytes> {
  return await hmac(salt.length ? salt : new Uint8Array(32), joined(utf8('HPKE-v1'), suite, utf8(label), input));
}

/** At most 32 bytes: one round of HKDF-Expand. */
async function expand(suite: Bytes, secret: Bytes, label: string, info: Bytes, length: number): Promise<Bytes> {
  const labelled = joined(u16(length), utf8('HPKE-v1'), suite, utf8(label), info, new Uint8Array([1]));
  return (await hmac(secret, labelled)).slice(0, length);
}

async function hmac(key: Bytes, content: Bytes): Promise<Bytes> {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, content));
}

function u16(value: number): Bytes { return new Uint8Array([value >> 8, value & 255]); }
