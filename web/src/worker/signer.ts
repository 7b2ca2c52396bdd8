// The device's signing key. Its private half lies wrapped on the disk, is unwrapped once when the device is opened, and
// from then on can only be used: neither a page nor this worker can export it.
import { fromHex, hex, joined, utf8, type Bytes } from '../shared/bytes.ts';
import type { Database, Write } from './database.ts';

export const ED25519 = 1;
export const P256 = 2;

/** `privateKey` is how builds before this one kept it: readable on a stolen disk. It is used as long as it is there. */
interface StoredKey { alg: number; publicHex: string; wrapped?: { iv: Bytes; data: ArrayBuffer }; privateKey?: CryptoKey }

const GENERATE: Record<number, EcKeyGenParams | Algorithm> = { [ED25519]: { name: 'Ed25519' }, [P256]: { name: 'ECDSA', namedCurve: 'P-256' } };
const SIGN: Record<number, EcdsaParams | Algorithm> = { [ED25519]: { name: 'Ed25519' }, [P256]: { name: 'ECDSA', hash: 'SHA-256' } };

export class Signer {
  /** `key` can be used, not read. */
  constructor(readonly alg: number, readonly publicKey: string, private readonly key: CryptoKey) {}

  /** Makes a key pair; the write keeps it, wrapped. P-256 where the browser has no Ed25519. */
  static async create(wrapping: CryptoKey): Promise<{ signer: Signer; write: Write }> {
    let alg = ED25519;
    let pair: CryptoKeyPair;
    try {
      pair = await generate(alg);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'NotSupportedError')) throw error;
      alg = P256;
      pair = await generate(alg);
    }
    const publicHex = hex(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.wrapKey('pkcs8', pair.privateKey, wrapping, howWrapped(iv, alg, publicHex));
    const value: StoredKey = { alg, publicHex, wrapped: { iv, data } };
    const signer = await Signer.of(value, wrapping);
    return { signer: signer!, write: { store: 'device', key: 'signing', value } };
  }

  static async isKept(database: Database): Promise<boolean> { return await database.get('device', 'signing') !== undefined; }

  /** Null when this device has none. */
  static async load(database: Database, wrapping: CryptoKey): Promise<Signer | null> {
    const stored = await database.get<StoredKey>('device', 'signing');
    return stored ? await Signer.of(stored, wrapping) : null;
  }

  private static async of({ alg, publicHex, wrapped, privateKey }: StoredKey, wrapping: CryptoKey): Promise<Signer | null> {
    if (!wrapped) return privateKey ? new Signer(alg, publicHex, privateKey) : null;
    const how = howWrapped(wrapped.iv, alg, publicHex);
    const key = await crypto.subtle.unwrapKey('pkcs8', wrapped.data, wrapping, how, GENERATE[alg]!, false, ['sign']);
    return new Signer(alg, publicHex, key);
  }

  /** What the next worker of this device goes on signing with. */
  get handed(): { alg: number; publicKey: string; key: CryptoKey } { return { alg: this.alg, publicKey: this.publicKey, key: this.key }; }

  /** Signs an act by its change hash. */
  async signAct(caseId: string, changeHash: string): Promise<Bytes> {
    return await this.sign(actSignBytes(caseId, changeHash));
  }

  /** Binds a fresh Automerge actor to this device. */
  async announce(actor: string, device: string): Promise<Bytes> {
    return await this.sign(joined(utf8('shouwen-actor-1'), fromHex(actor), utf8(device)));
  }

  /** Asks the record, in a person's name, to take this key in. */
  async signEnrolment(user: string, name: string): Promise<Bytes> {
    return await this.sign(enrolSignBytes(user, this.alg, this.publicKey, name));
  }

  /** Vouches for all frames of an outbox file. */
  async signOutbox(content: Bytes): Promise<Bytes> { return await this.sign(content); }

  async verify(signature: Bytes, content: Bytes): Promise<boolean> {
    const usable = await crypto.subtle.importKey('raw', fromHex(this.publicKey), GENERATE[this.alg]!, false, ['verify']);
    return await crypto.subtle.verify(SIGN[this.alg]!, usable, signature, content);
  }

  private async sign(content: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign(SIGN[this.alg]!, this.key, content));
  }
}

/** What a device signs for an act. */
export function actSignBytes(caseId: string, changeHash: string): Bytes {
  return joined(utf8('shouwen-act-1'), fromHex(caseId), fromHex(changeHash));
}

/** What a device signs to be enrolled: its key is used by whoever asks, for this person and under this name. */
export function enrolSignBytes(user: string, alg: number, publicKey: string, name: string): Bytes {
  return joined(utf8('shouwen-enrol-1'), new Uint8Array([alg]), fromHex(publicKey), utf8(user), new Uint8Array(1), utf8(name));
}

function howWrapped(iv: Bytes, alg: number, publicHex: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: joined(utf8('shouwen-signing-1'), new Uint8Array([alg]), fromHex(publicHex)) };
}

/** Can be exported only until it is wrapped; nobody but `create` ever holds it in this form. */
async function generate(alg: number): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(GENERATE[alg]!, true, ['sign', 'verify']) as CryptoKeyPair;
}
