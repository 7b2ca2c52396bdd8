// The device's IndexedDB: its stores and the one way to write, a strict transaction. Knows nothing of keys or content.
import { openDB, type IDBPDatabase } from 'idb';

export const STORES = ['device', 'sealed', 'documents', 'records', 'outbox', 'receipts', 'drafts', 'contents'] as const;
export type StoreName = typeof STORES[number];
const VERSION = 2; // 2: contents

/** One step of a transaction; without `value` the key is removed. */
export interface Write { store: StoreName; key: string; value?: unknown }

export class Database {
  private readonly early = new Map<string, Promise<unknown>>();

  private constructor(private readonly idb: IDBPDatabase) {}

  static async open(name: string, onClosed: () => void = () => {}): Promise<Database> {
    const idb = await openDB(name, VERSION, {
      upgrade(db) { for (const store of STORES) if (!db.objectStoreNames.contains(store)) db.createObjectStore(store); },
      terminated: onClosed,
      blocking(_current, _next, event) { (event.target as IDBDatabase).close(); onClosed(); },
    });
    return new Database(idb);
  }

  /**
   * Asks the disk already for what is going to be read: whoever reads it next takes the answer that is under way. What
   * is written meanwhile makes it worthless.
   */
  ahead({ keys, all, pieces }: { keys: readonly [StoreName, string][]; all: readonly StoreName[]; pieces: readonly [StoreName, number][] }): void {
    const ask = (name: string, answer: Promise<unknown>): void => {
      answer.catch(() => {}); // whoever takes it hears of it
      this.early.set(name, answer);
    };
    for (const [store, key] of keys) ask(`key ${store} ${key}`, this.idb.get(store, key));
    for (const store of all) ask(`all ${store}`, this.everything(store));
    for (const [store, count] of pieces) ask(`piece ${store} ${count}`, this.piece(store, count));
  }

  async get<T>(store: StoreName, key: string): Promise<T | undefined> {
    return await this.taken(`key ${store} ${key}`, () => this.idb.get(store, key)) as T | undefined;
  }

  async keys(store: StoreName): Promise<string[]> { return (await this.idb.getAllKeys(store)).map(String); }

  /** Every key with its value, in the order of the keys. */
  async all<T>(store: StoreName): Promise<[string, T][]> {
    return await this.taken(`all ${store}`, () => this.everything(store)) as [string, T][];
  }

  /** The same in pieces, so that a large store is never in memory twice. */
  async *pieces<T>(store: StoreName, count: number): AsyncGenerator<[string, T][]> {
    let piece = await this.taken(`piece ${store} ${count}`, () => this.piece(store, count)) as [string, T][];
    for (;;) {
      if (piece.length) yield piece;
      if (piece.length < count) return;
      piece = await this.piece(store, count, IDBKeyRange.lowerBound(piece.at(-1)![0], true)) as [string, T][];
    }
  }

  private async everything(store: StoreName): Promise<[string, unknown][]> {
    const transaction = this.idb.transaction(store);
    const [keys, values] = await Promise.all([transaction.store.getAllKeys(), transaction.store.getAll()]);
    return keys.map((key, index) => [String(key), values[index]]);
  }

  private async piece(store: StoreName, count: number, range?: IDBKeyRange): Promise<[string, unknown][]> {
    const transaction = this.idb.transaction(store);
    const [keys, values] = await Promise.all([transaction.store.getAllKeys(range, count), transaction.store.getAll(range, count)]);
    return keys.map((key, index) => [String(key), values[index]]);
  }

  private async taken(name: string, read: () => Promise<unknown>): Promise<unknown> {
    const answer = this.early.get(name);
    this.early.delete(name);
    return await (answer ?? read());
  }

  /** Writes everything or nothing, and comes back when it is on the disk. Throws `QuotaExceededError` when full. */
  async write(writes: readonly Write[]): Promise<void> {
    this.early.clear();
    const stores = [...new Set(writes.map(write => write.store))];
    const transaction = this.idb.transaction(stores, 'readwrite', { durability: 'strict' });
    const steps: Promise<unknown>[] = [transaction.done];
    try {
      for (const { store, key, value } of writes) {
        const target = transaction.objectStore(store);
        steps.push(value === undefined ? target.delete(key) : target.put(value, key));
      }
    } catch (error) { // a value that cannot be stored throws at once and would let the steps before it stand
      transaction.abort();
      await Promise.allSettled(steps);
      throw error;
    }
    await settled(steps);
  }

  close(): void { this.idb.close(); }
}

/** Waits for all, then throws the first failure: when one step fails, the others and the transaction fail as well. */
async function settled(steps: Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(steps);
  const failed = outcomes.find(outcome => outcome.status === 'rejected');
  if (failed) throw failed.reason;
}
