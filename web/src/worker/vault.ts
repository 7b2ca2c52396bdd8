// Everything with content passes through here: AES-GCM under a random data key, which is itself wrapped by a key from
// the person's passphrase. The additional data binds a sealed value to its place, so that values cannot be exchanged.
import { fromUtf8, joined, utf8, type Bytes } from '../shared/bytes.ts';
import { Refusal } from '../shared/protocol.ts';
import type { Database, StoreName, Write } from './database.ts';

export const ITERATIONS = 600_000;
export const PASSPHRASE_CHARACTERS_MIN = 8;
const FREE_ATTEMPTS = 3;
const PAUSE_MS_MAX = 5 * 60_000;

export interface Sealed { iv: Bytes; data: ArrayBuffer }
interface WrappedKey extends Sealed { version: 1; salt: Bytes; iterations: number }
interface Attempts { failed: number; notBefore: number }

export class Vault {
  private constructor(private readonly key: CryptoKey) {}

  /** Makes a new data key; the writes keep it, wrapped by the passphrase. */
  static async create(passphrase: string, iterations = ITERATIONS): Promise<{ vault: Vault; writes: Write[] }> {
    if ([...passphrase].length < PASSPHRASE_CHARACTERS_MIN) throw new Refusal('weak_passphrase');
    const raw = crypto.getRandomValues(new Uint8Array(32));
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const wrapping = await wrappingKey(passphrase, salt, iterations);
    const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: place('device', 'key') }, wrapping, raw);
    const value: WrappedKey = { version: 1, salt, iterations, iv, data };
    const vault = new Vault(await dataKey(raw));
    raw.fill(0);
    return { vault, writes: [{ store: 'device', key: 'key', value }, { store: 'device', key: 'attempts' }] };
  }

  /** Opens the data key with the passphrase; after a few wrong ones every further attempt has to wait longer. */
  static async unlock(database: Database, passphrase: string, now: () => number = Date.now): Promise<Vault> {
    const wrapped = await database.get<WrappedKey>('device', 'key');
    if (!wrapped) throw new Refusal('not_enrolled');
    const attempts = await database.get<Attempts>('device', 'attempts') ?? { failed: 0, notBefore: 0 };
    const wait = attempts.notBefore - now();
    if (wait > 0 && wait <= PAUSE_MS_MAX) throw new Refusal('slow_down', String(Math.ceil(wait / 1000)));
    try {
      const wrapping = await wrappingKey(passphrase, wrapped.salt, wrapped.iterations);
      const raw = await crypto.subtle.decrypt(
        { name: 'AES-GCM', iv: wrapped.iv, additionalData: place('device', 'key') }, wrapping, wrapped.data);
      if (attempts.failed) await database.write([{ store: 'device', key: 'attempts' }]);
      return new Vault(await dataKey(raw));
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'OperationError')) throw error;
      const failed = attempts.failed + 1;
      const pause = failed < FREE_ATTEMPTS ? 0 : Math.min(PAUSE_MS_MAX, 1000 * 2 ** (failed - FREE_ATTEMPTS + 1));
      await database.write([{ store: 'device', key: 'attempts', value: { failed, notBefore: now() + pause } satisfies Attempts }]);
      throw new Refusal('wrong_passphrase', pause ? String(pause / 1000) : '');
    }
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

function place(store: StoreName, key: string): Bytes {
  return joined(utf8('shouwen-sealed-1'), utf8(store), new Uint8Array(1), utf8(key));
}

async function wrappingKey(passphrase: string, salt: Bytes, iterations: number): Promise<CryptoKey> {
  const typed = await crypto.subtle.importKey('raw', utf8(passphrase.normalize('NFKC')), 'PBKDF2', false, ['deriveKey']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations };
  return await crypto.subtle.deriveKey(how, typed, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

async function dataKey(raw: BufferSource): Promise<CryptoKey> {
  return await crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
}
