// What an answer of the record or a receipts file brings: checked, stored in one transaction, only then believed.
import { hex, type Bytes } from '../shared/bytes.ts';
import type { Write } from './database.ts';
import { applyChanges, changesOf, withoutChanges } from './documents.ts';
import { believeContents, newWriter, type Open } from './opened.ts';
import type { Received, WaitingRow } from './python.ts';
import { checkReceipts, recordVerifies } from './receipts.ts';
import { knows, signerOf } from './record_keys.ts';

/** The outbox is in the order of its numbers: what was in the log before goes before everything that waits. */
const LOG_BEFORE_OUTBOX = 2 ** 50;

/** What came with an answer; `wait` until the next exchange and `after` (alone so long) in milliseconds. */
export interface Answered { wait: number; received: Received; after: number }
export type ReceiptsTaken = { receipts: number; refused: number; left: number } | { problem: string };

/** Keeps what an answer of the record brought, then believes it; null when it brought nothing. */
export async function takeAnswer(open: Open, pieces: Bytes[]): Promise<Answered | null> {
  const received = open.python.syncRead(pieces);
  if (received.empty) return null;
  await checkReceipts(open.identity.recordKey, received);
  const arrived = performance.now();
  const after = Date.now() - (open.book.lastContactMs ?? 0); // how long this device was alone
  const book = { ...open.book, ...received.standing, lastContactMs: Date.now(), clock: null };
  if (received.beacon && !received.forked) book.beacon = { id: received.beacon.id, serverTimeMs: received.beacon.server_time_ms };
  // A profile that came back from an older copy learns here which numbers it has used: they are never used again.
  book.nextSeq = Math.max(book.nextSeq, received.own_seq + 1);
  if (received.shared !== null) book.restored = open.python.noticeAfter(open.book.restored ?? null, received.lost);
  const { writes, believe } = await answerWrites(open, received);
  await open.shelf.write([...writes, await open.shelf.bookWrite(book)]);
  open.book = book;
  open.keptClock = null;
  believe();
  if (received.beacon) open.beaconAt = arrived;
  const wait = open.python.syncCommit();
  if (received.shared !== null) open.python.loadContents(open.contents.rows());
  return { wait, received, after };
}

/** Keeps and believes the receipts that came back by USB stick; the record's signature under the file decides. */
export async function takeReceipts(open: Open, file: Bytes): Promise<ReceiptsTaken> {
  const read = open.python.readReceipts(file);
  if ('problem' in read) return read;
  const { received, signature, signed, key: named } = read;
  const key = await signerOf(open.identity, signature, signed, received.receipts); // it may have been long on its way
  const good = await recordVerifies(key, signature, signed);
  if (good === null) return { problem: 'cannot_check' };
  if (!good) return { problem: knows(open.identity, named) ? 'tampered' : 'unknown_key' };
  if (received.forked) {
    open.python.settle(); // both heads are told to the centre at the next contact
    return { problem: 'record_forked' };
  }
  await checkReceipts(key, received);
  const { writes, believe } = await answerWrites(open, received);
  const book = { ...open.book, ...received.standing };
  await open.shelf.write([...writes, await open.shelf.bookWrite(book)]);
  open.book = book;
  believe();
  open.python.settle();
  return { receipts: received.receipts.length, refused: received.refused.length, left: received.purge.length };
}

/** The transaction for what an answer or a receipts file brought, and what to believe once it is stored. */
async function answerWrites(open: Open, received: Received): Promise<{ writes: Write[]; believe: () => void }> {
  const { shelf } = open;
  const writes: Write[] = [];
  for (const receipt of received.receipts) writes.push(await shelf.receiptWrite(receipt));
  for (const hash of received.settled) writes.push({ store: 'outbox', key: hash });
  for (const hash of received.taken) writes.push(...await shelf.takenWrite(hash));
  for (const refused of received.refused) writes.push(...await shelf.refusedWrite(refused));
  if (Object.keys(received.documents).length) await open.documents();
  for (const [caseId, { without, changes }] of Object.entries(received.documents)) {
    let binary = await shelf.document(caseId);
    if (binary && without.length) binary = withoutChanges(binary, open.actor, new Set(without));
    if (binary || changes.length) writes.push(await shelf.documentWrite(caseId, applyChanges(binary, open.actor, changes)));
  }
  for (const [caseId, rows] of Object.entries(received.records)) writes.push(await shelf.recordWrite(caseId, rows));
  if (received.directory) writes.push(await shelf.directoryWrite(received.directory));
  if (received.left) writes.push(await shelf.leftWrite(received.left));
  for (const caseId of received.purge) writes.push(...await shelf.purgeWrites(caseId, received.left_out.filter(act => act.case_id === caseId)));
  for (const caseId of received.forgotten) writes.push(...await shelf.purgeWrites(caseId, []));
  if (received.purge.length || received.forgotten.length) writes.push(...await shelf.glancesWithout(new Set([...received.purge, ...received.forgotten])));
  // What was refused may come back into its document: its actor's numbers are used, so nobody goes on with that actor.
  const writer = received.refused.length ? await newWriter(open.signer, open.identity) : {};
  const again = await waitingAgain(open, received);
  for (const [row, seq] of again) writes.push(await shelf.waitingWrite(row, seq));
  const contents = received.shared === null ? await open.contents.without(received.contents) : await open.contents.sendAgain();
  const believe = (): void => {
    Object.assign(open, writer);
    believeContents(open, received.contents, contents.index);
    if (received.shared !== null) open.python.offerAgain(again.map(([row]) => row));
  };
  return { writes: [...writes, ...contents.writes], believe };
}

/**
 * What the record may have lost, signed for anew: acts from the documents (in the order of the log), then those that
 * it had refused. Acts of other devices go as what this one holds; only their author can announce their actor.
 */
async function waitingAgain(open: Open, received: Received): Promise<[WaitingRow, number][]> {
  const found: [WaitingRow, number][] = [];
  if (received.shared === null) return found;
  const changes = new Map<string, Map<string, Bytes>>();
  const outbox = new Map((await open.shelf.waitingWithPlace()).map(each => [each[0].hash, each]));
  for (const { case_id: caseId, hash, own, log_index: index } of received.again) {
    if (!changes.has(caseId)) changes.set(caseId, changesOf(await open.shelf.document(caseId)));
    const [kept, place] = outbox.get(hash) ?? [];
    const raw = changes.get(caseId)!.get(hash) ?? kept?.raw;
    if (!raw?.length || (index === null && place === undefined)) continue; // it was never here whole, or it was left out
    const { actor } = open.python.decodeChange(raw);
    found.push([{
      case_id: caseId, hash, raw, alg: open.signer.alg, signature: await open.signer.signAct(caseId, hash),
      actor, actor_signature: own ? hex(await open.signer.announce(actor, open.identity.device)) : '', reason: '',
      astray: !changes.get(caseId)!.has(hash), lost: index !== null,
    }, index === null ? place! : index - LOG_BEFORE_OUTBOX]);
  }
  return found;
}
