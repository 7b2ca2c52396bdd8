// Everything with content passes through here: AES-GCM under a random data key. The data key itself lies wrapped, once
// by a key from the person's passphrase and, where the person wants it, once more for each passkey (WebAuthn PRF).
// The additional data binds a sealed value to its place, so that values cannot be exchanged.
import { fromUtf8, hex, joined, utf8, type Bytes } from '../shared/bytes.ts';
import { Refusal, type Passkey } from '../shared/protocol.ts';
import { strength } from '../shared/strength.ts';
import type { Database, StoreName, Write } from './database.ts';
import { Patience } from './patience.ts';

export const ITERATIONS = 600_000;
const PASSKEYS_MAX = 5;
const PRF_BYTES_MIN = 32;
/** How values are sealed and keys wrapped: 1 = AES-256-GCM. Another number is another way (for example SM4-GCM). */
const ALG_AES_GCM = 1;

export interface Sealed { iv: Bytes; data: ArrayBuffer }
interface WrappedKey extends Sealed { version: 1; alg?: number; salt: Bytes; iterations: number }
interface StoredPasskey extends Sealed, Passkey { alg: number }
interface Attempts { failed: number }

const ofThisProgram = new Patience();

/** What the data key opens: content, and once, at the start, the signing key. */
export interface Opened { vault: Vault; wrapping: CryptoKey }

export class Vault {
  /** `key` can be used, not read: a worker hands it to the next one. */
  constructor(readonly key: CryptoKey) {}

  /** Makes a new data key; the writes keep it, wrapped by the passphrase. `own` are words that nobody should build it around. */
  static async create(passphrase: string, own: readonly string[] = [], iterations = ITERATIONS): Promise<Opened & { writes: Write[] }> {
    const raw = crypto.getRandomValues(new Uint8Array(32));
    try {
      return { ...await opened(raw), writes: [await wrappedBy(passphrase, raw, own, iterations), { store: 'device', key: 'attempts' }] };
    } finally { raw.fill(0); }
  }

  /**
   * Opens the data key with the passphrase; after a few wrong ones every further attempt has to wait longer. `begun`
   * hears that from now on another thread works at it.
   */
  static async unlock(database: Database, passphrase: string, begun = (): void => {}, patience = ofThisProgram): Promise<Opened> {
    const raw = await dataKeyBy(database, passphrase, begun, patience);
    try { return await opened(raw); } finally { raw.fill(0); }
  }

  /** Opens the data key with what a passkey's authenticator computed (32 bytes); throws `wrong_passkey`. */
  static async unlockByPasskey(database: Database, id: string, secret: Bytes): Promise<Opened> {
    const kept = (await storedPasskeys(database)).find(passkey => passkey.id === id);
    if (!kept || secret.length < PRF_BYTES_MIN) throw new Refusal('wrong_passkey');
    const raw = await unwrapped(await passkeyKey(secret), kept, passkeyPlace(id));
    if (!raw) throw new Refusal('wrong_passkey');
    try { return await opened(raw); } finally { raw.fill(0); }
  }

  /** Lets a passkey open the device too; asks for the passphrase again, because only with it the data key can be wrapped. */
  static async addPasskey(database: Database, passphrase: string, passkey: Passkey, secret: Bytes): Promise<void> {
    if (secret.length < PRF_BYTES_MIN) throw new Refusal('wrong_passkey');
    const raw = await dataKeyBy(database, passphrase);
    try {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const how = { name: 'AES-GCM', iv, additionalData: passkeyPlace(passkey.id) };
      const data = await crypto.subtle.encrypt(how, await passkeyKey(secret), raw);
      const others = (await storedPasskeys(database)).filter(({ id }) => id !== passkey.id).slice(1 - PASSKEYS_MAX);
      const value: StoredPasskey[] = [...others, { ...passkey, alg: ALG_AES_GCM, iv, data }];
      await database.write([{ store: 'device', key: 'passkeys', value }]);
    } finally { raw.fill(0); }
  }

  /** From now on only the passphrase opens. */
  static async removePasskeys(database: Database): Promise<void> { await database.write([{ store: 'device', key: 'passkeys' }]); }

  /** Which passkeys open this device; an authenticator needs `salt` to compute its secret. */
  static async passkeys(database: Database): Promise<Passkey[]> {
    return (await storedPasskeys(database)).map(({ id, salt }) => ({ id, salt }));
  }

  /** Wraps the same data key by another passphrase; everything else stays as it is. */
  static async changePassphrase(database: Database, before: string, after: string, own: readonly string[] = [], iterations = ITERATIONS): Promise<void> {
    const raw = await dataKeyBy(database, before);
    try { await database.write([await wrappedBy(after, raw, own, iterations)]); } finally { raw.fill(0); }
  }

  async seal(store: StoreName, key: string, content: Bytes): Promise<Write> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: place(store, key) }, this.key, content);
    return { store, key, value: { iv, data } satisfies Sealed };
  }

  /** Throws `OperationError` when the value was changed or moved. */
  async open(store: StoreName, key: string, sealed: Sealed): Promise<Bytes> {
    const options = { name: 'AES-GCM', iv: sealed.iv, additionalData: place(store, key) };
    return new Uint8Array(await crypto.subtle.decrypt(options, this.key, sealed.data));
  }

  async sealJson(store: StoreName, key: string, value: unknown): Promise<Write> {
    return await this.seal(store, key, utf8(JSON.stringify(value)));
  }

  async openText(store: StoreName, key: string, sealed: Sealed): Promise<string> {
    return fromUtf8(await this.open(store, key, sealed));
  }

  async openJson<T>(store: StoreName, key: string, sealed: Sealed): Promise<T> {
    return JSON.parse(await this.openText(store, key, sealed)) as T;
  }
}

/** The bytes of the data key, which the caller wipes; counts wrong passphrases. */
async function dataKeyBy(database: Database, passphrase: string, begun = (): void => {}, patience = ofThisProgram): Promise<Bytes> {
  const [wrapped, counted] = await Promise.all([database.get<WrappedKey>('device', 'key'), database.get<Attempts>('device', 'attempts')]);
  if (!wrapped) throw new Refusal('not_enrolled');
  const lock = hex(wrapped.salt);
  const before = counted?.failed ?? 0;
  const wait = patience.left(lock, before);
  if (wait > 0) throw new Refusal('slow_down', String(Math.ceil(wait / 1000)));
  const raw = await unwrapped(await passphraseKey(passphrase, wrapped.salt, wrapped.iterations, begun), wrapped, place('device', 'key'));
  if (raw) {
    if (before) await database.write([{ store: 'device', key: 'attempts' }]);
    return raw;
  }
  const failed = before + 1;
  const pause = patience.wrong(lock, failed);
  await database.write([{ store: 'device', key: 'attempts', value: { failed } satisfies Attempts }]);
  throw new Refusal('wrong_passphrase', pause ? String(pause / 1000) : '');
}

async function wrappedBy(passphrase: string, raw: Bytes, own: readonly string[], iterations: number): Promise<Write> {
  if (strength(passphrase, own) < 2) throw new Refusal('weak_passphrase');
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const how = { name: 'AES-GCM', iv, additionalData: place('device', 'key') };
  const data = await crypto.subtle.encrypt(how, await passphraseKey(passphrase, salt, iterations), raw);
  return { store: 'device', key: 'key', value: { version: 1, alg: ALG_AES_GCM, salt, iterations, iv, data } satisfies WrappedKey };
}

/** Null when the wrapping key is not the right one. */
async function unwrapped(wrapping: CryptoKey, { iv, data }: Sealed, additionalData: Bytes): Promise<Bytes | null> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, wrapping, data));
  } catch (error) {
    if (error instanceof DOMException && error.name === 'OperationError') return null;
    throw error;
  }
}

/** The key for content, and the one that only unwraps the signing key: whoever holds the vault alone cannot export that. */
async function opened(raw: Bytes): Promise<Opened> {
  const [data, wrapping] = await Promise.all([
    crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']),
    derived(raw, 'shouwen-signing-key-1', ['wrapKey', 'unwrapKey']),
  ]);
  return { vault: new Vault(data), wrapping };
}

async function storedPasskeys(database: Database): Promise<StoredPasskey[]> {
  return await database.get<StoredPasskey[]>('device', 'passkeys') ?? [];
}

function place(store: StoreName, key: string): Bytes {
  return joined(utf8('shouwen-sealed-1'), utf8(store), new Uint8Array(1), utf8(key));
}

function passkeyPlace(id: string): Bytes { return place('device', `passkeys/${id}`); }

async function passkeyKey(secret: Bytes): Promise<CryptoKey> { return await derived(secret, 'shouwen-passkey-1', ['encrypt', 'decrypt']); }

async function derived(secret: Bytes, purpose: string, usages: KeyUsage[]): Promise<CryptoKey> {
  const from = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveKey']);
  const how = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8(purpose) };
  return await crypto.subtle.deriveKey(how, from, { name: 'AES-GCM', length: 256 }, false, usages);
}

async function passphraseKey(passphrase: string, salt: Bytes, iterations: number, begun = (): void => {}): Promise<CryptoKey> {
  const typed = await crypto.subtle.importKey('raw', utf8(passphrase.normalize('NFKC')), 'PBKDF2', false, ['deriveKey']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations };
  const key = crypto.subtle.deriveKey(how, typed, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  begun();
  return await key;
}
