// Opening the device with a passkey (fingerprint, face, security key): its authenticator computes a secret that unwraps
// the data key (WebAuthn's PRF extension), without network and without the city record knowing of it.
import { Refusal, type Passkey } from '../shared/protocol.ts';
import type { Bytes } from '../shared/bytes.ts';

const WAIT_MS = 60_000;

/** Whether this browser can ask an authenticator at all; whether that computes secrets only shows when it is asked. */
export function passkeysPossible(): boolean {
  return 'credentials' in navigator && typeof PublicKeyCredential === 'function' && !/^[\d.:[\]]+$/.test(location.hostname);
}

/** Makes a passkey for this device; throws `no_passkey` when the person turned away or the authenticator cannot do it. */
export async function makePasskey(): Promise<{ passkey: Passkey; secret: Bytes }> {
  const salt = crypto.getRandomValues(new Uint8Array(32));
  const publicKey: PublicKeyCredentialCreationOptions = {
    rp: { name: 'Shouwen' },
    // Nobody is told who this is: the authenticator shows the product's name, the secret is the device's.
    user: { id: crypto.getRandomValues(new Uint8Array(16)), name: 'Shouwen', displayName: 'Shouwen' },
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }, { type: 'public-key', alg: -257 }],
    authenticatorSelection: { residentKey: 'discouraged', userVerification: 'required' },
    timeout: WAIT_MS,
    extensions: { prf: { eval: { first: salt } } },
  };
  const made = await asked(() => navigator.credentials.create({ publicKey }));
  const { prf } = made.getClientExtensionResults();
  if (!prf?.enabled) throw new Refusal('no_passkey');
  const passkey = { id: base64url(new Uint8Array(made.rawId)), salt };
  // Some authenticators compute secrets only when they are asked a second time.
  return { passkey, secret: prf.results ? bytesOf(prf.results.first) : (await secretOf([passkey])).secret };
}

/** Asks for one of these passkeys; throws `no_passkey`. */
export async function secretOf(passkeys: readonly Passkey[]): Promise<{ id: string; secret: Bytes }> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge: crypto.getRandomValues(new Uint8Array(32)),
    allowCredentials: passkeys.map(({ id }) => ({ type: 'public-key', id: fromBase64url(id) })),
    userVerification: 'required',
    timeout: WAIT_MS,
    extensions: { prf: { evalByCredential: Object.fromEntries(passkeys.map(({ id, salt }) => [id, { first: salt }])) } },
  };
  const got = await asked(() => navigator.credentials.get({ publicKey }));
  const results = got.getClientExtensionResults().prf?.results;
  if (!results) throw new Refusal('no_passkey');
  return { id: base64url(new Uint8Array(got.rawId)), secret: bytesOf(results.first) };
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  try {
    const credential = await ask();
    if (credential instanceof PublicKeyCredential) return credential;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error; // turned away, timed out, no authenticator
  }
  throw new Refusal('no_passkey');
}

function bytesOf(source: BufferSource): Bytes {
  return source instanceof ArrayBuffer ? new Uint8Array(source) : new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
}

function base64url(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64url(text: string): Bytes {
  return Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), sign => sign.charCodeAt(0));
}
