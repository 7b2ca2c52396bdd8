// Proves before the first day without network that this device can work alone.
import { hex, utf8 } from '../shared/bytes.ts';
import { BUILD } from '../shared/build.ts';
import { missing } from '../shared/precache.ts';
import { Refusal, type DeskRequest, type DeskResponse } from '../shared/protocol.ts';
import type { Database } from './database.ts';
import { appendAct, newActor } from './documents.ts';
import type { Open } from './opened.ts';

/** Tries every part that work without network needs; throws `self_test` with the one that fails. */
export async function selfTest({ vault, signer, shelf, documents }: Open, database: Database, respond: (request: DeskRequest) => Promise<DeskResponse>): Promise<void> {
  await check('files', async () => (await missing(BUILD)).length === 0);
  await check('encryption', async () => {
    const content = crypto.getRandomValues(new Uint8Array(64));
    const write = await vault.seal('drafts', '/self-test', content);
    await shelf.write([write]);
    const back = await vault.open('drafts', '/self-test', (await database.get('drafts', '/self-test'))!);
    await shelf.write([{ store: 'drafts', key: '/self-test' }]);
    return hex(back) === hex(content);
  });
  await check('signature', async () => {
    const signature = await signer.signAct('00'.repeat(16), '00'.repeat(32));
    const good = await signer.verify(signature, new Uint8Array([...utf8('shouwen-act-1'), ...new Uint8Array(48)]));
    return good && !await signer.verify(signature, utf8('something else'));
  });
  await check('documents', async () => {
    await documents();
    return appendAct(null, newActor(), '{}').change.length > 0;
  });
  await check('pages', async () => {
    const { status } = await respond({ method: 'GET', path: '/today', query: {}, form: {}, lang: 'zh-CN' });
    return status === 200;
  });
}

async function check(part: string, test: () => Promise<boolean>): Promise<void> {
  if (!await test().catch(() => false)) throw new Refusal('self_test', part);
}
