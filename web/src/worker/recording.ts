// New acts: in document, case, outbox and numbering in one transaction, then told to Python.
import type { Bytes } from '../shared/bytes.ts';
import type { Write } from './database.ts';
import { appendAct } from './documents.ts';
import { isStorageFull } from './machine.ts';
import type { Open } from './opened.ts';
import { FULL_PERCENT, letGo } from './parting.ts';
import type { ActRow, WaitingRow } from './python.ts';

/** Keeps new acts; a full disk is given a second chance: finished cases that the record has are parted with first. */
export async function recordOrMakeRoom(open: Open, acts: { case_id: string; text: string }[]): Promise<void> {
  try {
    await record(open, acts);
  } catch (error) {
    if (!isStorageFull(error) || !await letGo(open, FULL_PERCENT).catch(() => 0)) throw error;
    await record(open, acts);
  }
}

async function record(open: Open, acts: { case_id: string; text: string }[]): Promise<void> {
  await open.documents();
  const documents = new Map<string, Bytes>();
  const rows = new Map<string, ActRow[]>();
  const told: { caseId: string; row: ActRow; waiting: WaitingRow }[] = [];
  const writes: Write[] = [];
  let seq = open.book.nextSeq;
  for (const { case_id: caseId, text } of acts) {
    const { binary, change } = appendAct(documents.get(caseId) ?? await open.shelf.document(caseId), open.actor, text);
    const { hash, deps } = open.python.decodeChange(change);
    const row: ActRow = [hash, deps, text, null, null];
    const waiting: WaitingRow = {
      case_id: caseId, hash, raw: change, alg: open.signer.alg, signature: await open.signer.signAct(caseId, hash),
      actor: open.actor, actor_signature: open.announcement, reason: '',
    };
    documents.set(caseId, binary);
    rows.set(caseId, [...rows.get(caseId) ?? await open.shelf.rows(caseId), row]);
    writes.push(await open.shelf.waitingWrite(waiting, seq));
    seq += 1;
    told.push({ caseId, row, waiting });
  }
  for (const [caseId, binary] of documents) writes.push(await open.shelf.documentWrite(caseId, binary));
  for (const [caseId, all] of rows) writes.push(await open.shelf.rowsWrite(caseId, all));
  const book = { ...open.book, nextSeq: seq };
  const named = await open.contents.namedBy(told.map(({ row: [hash, , text] }) => ({ hash, contents: open.python.enclosed(text) })));
  await open.shelf.write([...writes, ...named.writes, await open.shelf.bookWrite(book)]);
  open.book = book;
  open.contents.believe(named.index);
  for (const { caseId, row, waiting } of told) open.python.recorded(caseId, row, waiting);
}
