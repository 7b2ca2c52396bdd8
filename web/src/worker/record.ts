// The city record's HTTP interface as the worker uses it: who is signed in, enrolment, one exchange.
import { Refusal } from '../shared/protocol.ts';
import type { Bytes } from '../shared/bytes.ts';
import type { CarryKey } from './carry.ts';

const EXCHANGE_MS_MAX = 120_000;
const GZIP_FROM_BYTES = 1024;

/** `fresh`: signed in so lately that a device may be enrolled; `ownWords`: nothing to build a passphrase around. */
export interface Me { user: string; name: string; csrf: string; fresh: boolean; ownWords: string[]; recordKey: string; carryKeys: CarryKey[] }

/** Who is signed in on this browser; throws `signed_out` or `no_record`. */
export async function fetchMe(): Promise<Me> {
  const response = await reach('/me', { headers: { accept: 'application/json' } });
  if (response.status === 401) throw new Refusal('signed_out');
  if (!response.ok) throw new Refusal('no_record', String(response.status));
  const me = await response.json() as { user: string; name: string; csrf: string; fresh?: boolean; own_words?: string[]; record_key: string; carry_keys?: { alg: number; public_key: string; sig: string }[] };
  const carryKeys = (me.carry_keys ?? []).map(({ alg, public_key: publicKey, sig }) => ({ alg, publicKey, sig }));
  return { user: me.user, name: me.name, csrf: me.csrf, fresh: me.fresh ?? true, ownWords: me.own_words ?? [me.user, me.name], recordKey: me.record_key, carryKeys };
}

/** The chain of the record's keys as `/log/keys` tells it; nothing of it is believed yet. */
export async function fetchKeys(): Promise<string> {
  const response = await reach('/log/keys', { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Refusal('no_record', String(response.status));
  return await response.text();
}

/** The enrolment record (py_core/enrolment.py) and the city record's signature under it. */
export interface Enrolment { text: string; sig: string }

/** Tells the record this device's public key; gives the device's id, its short code and its enrolment record. */
export async function enrolAtRecord(me: Me, alg: number, publicKey: string, name: string, sig: string): Promise<{ device: string; code: string; enrolment: Enrolment }> {
  const response = await reach('/devices', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-csrf-token': me.csrf },
    body: JSON.stringify({ alg, public_key: publicKey, name, sig }),
  });
  if (response.status === 401) throw new Refusal('signed_out');
  if (!response.ok) throw await isFreshAsked(response) ? new Refusal('sign_in_again') : new Refusal('refused_enrolment', String(response.status));
  return await response.json() as { device: string; code: string; enrolment: Enrolment };
}

/** Shows a record that came back from a backup that it enrolled this device after it; gives the code that counts from now on, null: it does not take it in, or knows it. Throws `sign_in_again`. */
export async function returnToRecord(csrf: string, enrolment: Enrolment): Promise<string | null> {
  const response = await reach('/devices/return', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-csrf-token': csrf },
    body: JSON.stringify(enrolment),
  });
  if (await isFreshAsked(response)) throw new Refusal('sign_in_again');
  return response.status === 201 ? (await response.json() as { code: string }).code : null;
}

/** Whether an answer refuses only because the sign-in is too long ago. */
async function isFreshAsked(response: Response): Promise<boolean> {
  return response.status === 403 && (await response.json() as { error?: { code: string } }).error?.code === 'sign_in_again';
}

/** What came of one exchange. A cut answer has the bytes that came; no answer at all has no status. */
export interface Exchanged { status: number | null; pieces: Bytes[]; retryAfterMs: number | null }

/** One `POST /sync`. Never throws: a line that breaks is an outcome. */
export async function exchange(body: Bytes): Promise<Exchanged> {
  const pieces: Bytes[] = [];
  try {
    const zipped = body.length > GZIP_FROM_BYTES ? await gzip(body) : body;
    const packed = zipped.length < body.length; // acts in short are not made smaller
    const response = await fetch('/sync', {
      method: 'POST', credentials: 'same-origin', cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(EXCHANGE_MS_MAX),
      headers: {
        'content-type': 'application/octet-stream', ...(packed ? { 'content-encoding': 'gzip' } : {}),
      },
      body: packed ? zipped : body,
    });
    if (!response.ok || !response.body) return { status: response.status, pieces, retryAfterMs: retryAfter(response) };
    try {
      const reader = response.body.getReader();
      for (let step = await reader.read(); !step.done; step = await reader.read()) pieces.push(new Uint8Array(step.value));
    } catch { /* the line broke in mid-answer: what came counts */ }
    return { status: 200, pieces, retryAfterMs: null };
  } catch {
    return { status: null, pieces, retryAfterMs: null };
  }
}

/** A photograph or paper from the record; throws `no_record`, `signed_out` or `no_content`. */
export async function fetchContent(sha256: string): Promise<Blob> {
  const response = await reach(`/attachments/${sha256}`, {});
  if (response.status === 401) throw new Refusal('signed_out');
  if (response.status === 404) throw new Refusal('no_content');
  if (!response.ok) throw new Refusal('no_record', String(response.status));
  try { return await response.blob(); } catch { throw new Refusal('no_record'); }
}

async function reach(url: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...options, credentials: 'same-origin', cache: 'no-store', redirect: 'error' });
  } catch {
    throw new Refusal('no_record');
  }
}

/** One whole gzip member. */
export async function gzip(bytes: Bytes): Promise<Bytes> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
