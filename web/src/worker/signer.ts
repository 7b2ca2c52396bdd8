// The device's signing key. The private half never leaves WebCrypto: it cannot be exported, only used.
import { fromHex, hex, joined, utf8, type Bytes } from '../shared/bytes.ts';
import type { Database, Write } from './database.ts';

export const ED25519 = 1;
export const P256 = 2;

interface StoredKey { alg: number; privateKey: CryptoKey; publicKey: CryptoKey; publicHex: string }

const GENERATE: Record<number, EcKeyGenParams | Algorithm> = { [ED25519]: { name: 'Ed25519' }, [P256]: { name: 'ECDSA', namedCurve: 'P-256' } };
const SIGN: Record<number, EcdsaParams | Algorithm> = { [ED25519]: { name: 'Ed25519' }, [P256]: { name: 'ECDSA', hash: 'SHA-256' } };

export class Signer {
  private constructor(private readonly key: StoredKey) {}

  get alg(): number { return this.key.alg; }
  get publicKey(): string { return this.key.publicHex; }

  /** Makes a key pair; the write keeps it. P-256 where the browser has no Ed25519. */
  static async create(): Promise<{ signer: Signer; write: Write }> {
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
    const key: StoredKey = { alg, privateKey: pair.privateKey, publicKey: pair.publicKey, publicHex };
    return { signer: new Signer(key), write: { store: 'device', key: 'signing', value: key } };
  }

  static async load(database: Database): Promise<Signer | null> {
    const key = await database.get<StoredKey>('device', 'signing');
    return key ? new Signer(key) : null;
  }

  /** Signs an act by its change hash. */
  async signAct(caseId: string, changeHash: string): Promise<Bytes> {
    return await this.sign(actSignBytes(caseId, changeHash));
  }

  /** Binds a fresh Automerge actor to this device. */
  async announce(actor: string, device: string): Promise<Bytes> {
    return await this.sign(joined(utf8('shouwen-actor-1'), fromHex(actor), utf8(device)));
  }

  /** Vouches for all frames of an outbox file. */
  async signOutbox(content: Bytes): Promise<Bytes> { return await this.sign(content); }

  async verify(signature: Bytes, content: Bytes): Promise<boolean> {
    return await crypto.subtle.verify(SIGN[this.key.alg]!, this.key.publicKey, signature, content);
  }

  private async sign(content: Bytes): Promise<Bytes> {
    return new Uint8Array(await crypto.subtle.sign(SIGN[this.key.alg]!, this.key.privateKey, content));
  }
}

/** What a device signs for an act. */
export function actSignBytes(caseId: string, changeHash: string): Bytes {
  return joined(utf8('shouwen-act-1'), fromHex(caseId), fromHex(changeHash));
}

async function generate(alg: number): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(GENERATE[alg]!, false, ['sign', 'verify']) as CryptoKeyPair;
}
