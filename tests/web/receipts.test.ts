// Two ticks need the record's own signature: checked with the vectors that the server's side made.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { checkReceipts } from '../../web/src/worker/receipts.ts';

declare const __ROOT__: string;
type Frame = { json?: { t: string; verdict?: string; hash: string; log_index: number; received_at_ms: number; sig: string; id: string; server_time_ms: number; log_size: number }; case_id?: string };
const vector = JSON.parse(fs.readFileSync(`${__ROOT__}/tests/vectors/exchange.json`, 'utf8')) as { server_key: { public: string }; request: { frames: Frame[] }; answer: { frames: Frame[] } };
const messages = vector.answer.frames.flatMap(frame => frame.json ?? []);
const caseId = vector.request.frames.find(frame => frame.case_id)!.case_id!;
const receipts = messages.filter(message => message.t === 'verdict' && message.verdict !== 'quarantined')
  .map(({ hash, log_index, received_at_ms, sig }) => ({ case_id: caseId, hash, log_index, received_at_ms, sig }));
const { id, server_time_ms, log_size, sig } = messages.find(message => message.t === 'beacon')!;
const beacon = { id, server_time_ms, log_size, sig, root: '', older: 0, path: [] };
const key = vector.server_key.public;

test('receipts and beacon of the record are believed', async () => {
  assert.ok(receipts.length > 0);
  await checkReceipts(key, { receipts, beacon });
});

test('a receipt for another case, another time or another place is not', async () => {
  for (const change of [{ case_id: '00'.repeat(16) }, { received_at_ms: 1 }, { log_index: 99 }, { sig: '00'.repeat(64) }]) {
    await assert.rejects(checkReceipts(key, { receipts: [{ ...receipts[0]!, ...change }], beacon: null }), /not signed/);
  }
});

test('a beacon with a bent time is not, nor anything under another key', async () => {
  await assert.rejects(checkReceipts(key, { receipts: [], beacon: { ...beacon, server_time_ms: beacon.server_time_ms + 1 } }), /not signed/);
  await assert.rejects(checkReceipts('03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8', { receipts, beacon }), /not signed/);
});
