// What an unlocked device holds on its disk, sealed: who works here, the directory, cases, outbox, drafts.
// Builds the writes of a transaction; the caller decides when they are stored.
import { fromHex, hex, joined, utf8, type Bytes } from '../shared/bytes.ts';
import type { Fields } from '../shared/protocol.ts';
import type { Database, StoreName, Write } from './database.ts';
import type { CarryKey } from './carry.ts';
import type { Enrolment } from './record.ts';
import type { RecordKeys } from './record_keys.ts';
import type { ActRow, Receipt, Refused, SeenClock, Standing, WaitingRow } from './python.ts';
import type { Sealed, Vault } from './vault.ts';

export interface Identity extends RecordKeys { user: string; name: string; ownWords?: string[]; device: string; code: string; carryKeys?: CarryKey[]; enrolment?: Enrolment }
/** The outbox file that was saved last. */
export interface CarriedOut { name: string; count: number; atMs: number }
/** Where the device stands: with the record, and in its own numbering of acts. */
export interface Book extends Standing {
  nextSeq: number; lastContactMs: number | null;
  beacon: { id: string; serverTimeMs: number } | null;
  carried?: CarriedOut;
  /** A clock that is turned back lengthens no lease. */
  clock?: SeenClock | null;
  /** When the record last came back from a backup as far as this device knows, and how many acts it offered again. */
  restored?: { atMs: number; count: number };
}
export const EMPTY_BOOK: Book = { cursor: 0, scope: '', config: 0, nextSeq: 1, lastContactMs: null, beacon: null, custody: null };

const PIECE = 500;
// Of an act that was left out and whose case has gone, the reason stays so long to be read: nobody tells the device when
// the record erases what it is about.
const READABLE_MS = 30 * 86_400_000;
const LINE_END = utf8('\n');
type StoredWaiting = Omit<WaitingRow, 'raw' | 'signature'> & { raw: string; signature: string; seq: number };

export class Shelf {
  constructor(private readonly database: Database, private readonly vault: Vault) {}

  /** Asks the disk for what opening reads, while nobody can read it yet. */
  static ahead(database: Database): void {
    const names = ['identity', 'book', 'directory', 'glances', 'left', 'contents'];
    database.ahead({ keys: [...names.map((name): [StoreName, string] => ['sealed', name]), ['device', 'signing']], all: ['outbox'], pieces: [['records', PIECE]] });
  }

  async write(writes: readonly Write[]): Promise<void> { await this.database.write(writes); }

  identity = async (): Promise<Identity | null> => await this.json<Identity>('sealed', 'identity');
  book = async (): Promise<Book> => await this.json<Book>('sealed', 'book') ?? { ...EMPTY_BOOK };
  directory = async (): Promise<string | null> => await this.json<string>('sealed', 'directory');
  left = async (): Promise<string | null> => await this.json<string>('sealed', 'left');
  glances = async (): Promise<string | null> => await this.json<string>('sealed', 'glances');
  rows = async (caseId: string): Promise<ActRow[]> => await this.json<ActRow[]>('records', caseId) ?? [];
  draft = async (path: string): Promise<Fields | null> => await this.json<Fields>('drafts', path);

  async document(caseId: string): Promise<Bytes | null> {
    const sealed = await this.database.get<Sealed>('documents', caseId);
    return sealed ? await this.vault.open('documents', caseId, sealed) : null;
  }

  /** Every case's acts, one case a line as Python takes them, in pieces; the next is opened while one is taken. */
  async *allRows(): AsyncGenerator<Bytes> {
    const sealed = this.database.pieces<Sealed>('records', PIECE);
    const next = async (): Promise<Bytes | null> => {
      const { value, done } = await sealed.next();
      if (done) return null;
      const lines = await Promise.all(value.map(async ([id, each]) => [utf8(`${id} `), await this.vault.open('records', id, each), LINE_END]));
      return joined(...lines.flat());
    };
    for (let piece = next(); ;) {
      const lines = await piece;
      if (!lines) return;
      piece = next();
      piece.catch(() => {}); // who takes the next piece hears of it
      yield lines;
    }
  }

  /** Everything that stands in forms, to be searched. */
  async allDrafts(): Promise<string> {
    const sealed = await this.database.all<Sealed>('drafts');
    return (await Promise.all(sealed.map(([path, value]) => this.vault.openText('drafts', path, value)))).join('\n');
  }

  /** The outbox in the order in which the acts were written; reasons that were here to be read long enough go. */
  async waiting(now = Date.now()): Promise<WaitingRow[]> {
    const rows = await this.waitingWithPlace();
    const over = rows.filter(([row]) => row.reason === 'left_out' && !row.raw.length && row.why && (row.at_ms ?? 0) + READABLE_MS < now);
    for (const [row] of over) row.why = '';
    if (over.length) await this.write(await Promise.all(over.map(async ([row, seq]) => await this.waitingWrite(row, seq))));
    return rows.map(([row]) => row);
  }

  /** The same with the number that orders them. */
  async waitingWithPlace(): Promise<[WaitingRow, number][]> {
    const sealed = await this.database.all<Sealed>('outbox');
    const rows = await Promise.all(sealed.map(([hash, value]) => this.vault.openJson<StoredWaiting>('outbox', hash, value)));
    rows.sort((one, other) => one.seq - other.seq);
    return rows.map(({ seq, ...row }) => [{ ...row, raw: fromHex(row.raw), signature: fromHex(row.signature) }, seq]);
  }

  /** Marks an act of the outbox as refused by the record, or as left out by the centre. */
  async refusedWrite(refused: Refused): Promise<Write[]> {
    const row = await this.json<StoredWaiting>('outbox', refused.hash);
    return row ? [await this.vault.sealJson('outbox', refused.hash, { ...row, ...refused })] : [];
  }

  /** Marks an act that was refused once as taken; its bytes stay until its document has it again. */
  async takenWrite(hash: string): Promise<Write[]> {
    const row = await this.json<StoredWaiting>('outbox', hash);
    return row ? [await this.vault.sealJson('outbox', hash, { ...row, reason: 'taken' })] : [];
  }

  /**
   * Takes a case and everything with its content off the disk. Receipts stay (they name hashes only), and of an act
   * that the centre left out the word stays, without its bytes.
   */
  async purgeWrites(caseId: string, leftOut: readonly Refused[]): Promise<Write[]> {
    const writes: Write[] = [{ store: 'documents', key: caseId }, { store: 'records', key: caseId }];
    for (const [key] of await this.database.all('drafts')) if (key.includes(caseId)) writes.push({ store: 'drafts', key });
    for (const { hash } of leftOut) {
      const row = await this.json<StoredWaiting>('outbox', hash);
      const told = leftOut.find(each => each.hash === hash)!;
      if (row) writes.push(await this.vault.sealJson('outbox', hash, { ...row, ...told, raw: '', signature: '' }));
    }
    return writes;
  }

  /** What lists know of cases, without these. */
  async glancesWithout(caseIds: ReadonlySet<string>): Promise<Write[]> {
    const text = await this.glances();
    if (!text) return [];
    const known = JSON.parse(text) as { cases: Record<string, unknown> };
    known.cases = Object.fromEntries(Object.entries(known.cases).filter(([id]) => !caseIds.has(id)));
    return [await this.glancesWrite(JSON.stringify(known))];
  }

  async waitingWrite(row: WaitingRow, seq: number): Promise<Write> {
    const stored: StoredWaiting = { ...row, raw: hex(row.raw), signature: hex(row.signature), seq };
    return await this.vault.sealJson('outbox', row.hash, stored);
  }

  identityWrite = async (identity: Identity): Promise<Write> => await this.vault.sealJson('sealed', 'identity', identity);
  bookWrite = async (book: Book): Promise<Write> => await this.vault.sealJson('sealed', 'book', book);
  directoryWrite = async (text: string): Promise<Write> => await this.vault.sealJson('sealed', 'directory', text);
  leftWrite = async (text: string): Promise<Write> => await this.vault.sealJson('sealed', 'left', text);
  glancesWrite = async (text: string): Promise<Write> => await this.vault.sealJson('sealed', 'glances', text);
  /** A case's acts as Python wrote them. */
  recordWrite = async (caseId: string, rows: string): Promise<Write> => await this.vault.seal('records', caseId, utf8(rows));
  rowsWrite = async (caseId: string, rows: ActRow[]): Promise<Write> => await this.vault.sealJson('records', caseId, rows);
  documentWrite = async (caseId: string, binary: Bytes): Promise<Write> => await this.vault.seal('documents', caseId, binary);
  receiptWrite = async (receipt: Receipt): Promise<Write> => await this.vault.sealJson('receipts', receipt.hash, receipt);

  async draftWrite(path: string, draft: Fields | null): Promise<Write> {
    return draft ? await this.vault.sealJson('drafts', path, draft) : { store: 'drafts', key: path };
  }

  private async json<T>(store: StoreName, key: string): Promise<T | null> {
    const sealed = await this.database.get<Sealed>(store, key);
    return sealed ? await this.vault.openJson<T>(store, key, sealed) : null;
  }
}
