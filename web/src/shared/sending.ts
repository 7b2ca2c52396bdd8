// One content on its way to the city record: where it stands, one chunk, the content back. Never throws for a line that
// breaks: that is an outcome.
import type { Bytes } from './bytes.ts';

const STEP_MS_MAX = 90_000;

/** `status` null: no answer. `offset` and `complete` as the record says. */
export interface Stood { status: number | null; offset: number; complete: boolean; retryAfterMs: number | null }

export async function askStanding(sha256: string): Promise<Stood> {
  return await stood(sha256, { method: 'HEAD' });
}

export async function sendChunk(sha256: string, offset: number, total: number, data: Bytes | Blob, csrf: string): Promise<Stood> {
  return await stood(sha256, {
    method: 'PATCH', body: data,
    headers: {
      'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset), 'upload-length': String(total), 'x-csrf-token': csrf,
    },
  });
}

async function stood(sha256: string, options: RequestInit): Promise<Stood> {
  try {
    const response = await fetch(`/attachments/${sha256}`, {
      ...options, credentials: 'same-origin', cache: 'no-store', redirect: 'error', signal: AbortSignal.timeout(STEP_MS_MAX),
    });
    await response.arrayBuffer();
    const seconds = Number(response.headers.get('retry-after') ?? NaN);
    return {
      status: response.status, offset: Number(response.headers.get('upload-offset') ?? 0),
      complete: response.headers.get('upload-complete') === '?1', retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null,
    };
  } catch {
    return { status: null, offset: 0, complete: false, retryAfterMs: null };
  }
}
