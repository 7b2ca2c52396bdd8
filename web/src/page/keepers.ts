// Who keeps chosen photographs and papers: the open device, or the city's server while the browser is not prepared.
import { Refusal } from '../shared/protocol.ts';
import { prepared } from '../shared/pictures.ts';
import { askStanding, sendChunk, type Stood } from '../shared/sending.ts';
import type { Bridge } from './bridge.ts';
import type { Keeper } from './files.ts';

const CHUNK_BYTES = 256 * 1024;
const ATTEMPTS = 5;
const PAUSE_MS = 1_500;

export function deviceKeeper(bridge: Bridge): Keeper {
  return {
    take: async (file, limits, withPlace) => await bridge.call('takeFile', file, file.name, limits, withPlace),
    open: async sha256 => await bridge.call('openFile', sha256),
  };
}

/** Sends a file at once; the form then names what the record has already. */
export function serverKeeper(): Keeper {
  const sent = new Map<string, Blob>(); // what was chosen on this page: the record gives a content only after an act named it
  return {
    async take(file, limits, withPlace, form) {
      const { named, content } = await prepared(file, file.name, limits, withPlace);
      await send(named.sha256, content, form?.querySelector<HTMLInputElement>('input[name=csrf]')?.value ?? '');
      sent.set(named.sha256, content);
      return named;
    },
    async open(sha256) {
      const here = sent.get(sha256);
      if (here) return here;
      const response = await fetch(`/attachments/${sha256}`, { credentials: 'same-origin', cache: 'no-store' }).catch(() => { throw new Refusal('no_record'); });
      if (!response.ok) throw new Refusal(response.status === 401 ? 'signed_out' : 'no_content');
      return await response.blob();
    },
  };
}

async function send(sha256: string, content: Blob, csrf: string): Promise<void> {
  let stood = await askStanding(sha256);
  for (let failures = 0; !stood.complete;) {
    if (stood.status === 401 || stood.status === 403) throw new Refusal('signed_out');
    if (stood.status === 415) throw new Refusal('file_type');
    if (stood.status === 429) throw new Refusal('upload_quota');
    if (!isStanding(stood)) {
      if (++failures === ATTEMPTS) throw new Refusal('no_record');
      await new Promise(resolve => setTimeout(resolve, Math.max(PAUSE_MS, stood.retryAfterMs ?? 0)));
      stood = await askStanding(sha256);
      continue;
    }
    stood = await sendChunk(sha256, stood.offset, content.size, content.slice(stood.offset, stood.offset + CHUNK_BYTES), csrf);
  }
}

const isStanding = ({ status }: Stood): boolean => status === 200 || status === 204 || status === 409;
