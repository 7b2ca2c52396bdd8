// The people of this device: each has a database of their own with own keys, drafts and outbox. While everything is
// locked only this is known of them: the first sign of the name, the device's short code, and whether somebody who
// signs in is among them (a salted hash).
import { hex, joined, utf8 } from '../shared/bytes.ts';
import type { Person } from '../shared/protocol.ts';
import { Database } from './database.ts';

const REGISTER = 'shouwen-people';
export const FIRST = 'shouwen'; // the first person's database; the others' have random names
const KEY = 'people';

interface Entry { database: string; label: string; code: string; mark: string }
interface Register { salt: string; entries: Entry[]; last: string }

/** Who somebody is, as far as the register is concerned. */
export interface Known { user: string; name: string; code: string }

export class People {
  private constructor(private readonly database: Database, private register: Register) {}

  static async open(onClosed: () => void): Promise<People> {
    const database = await Database.open(REGISTER, onClosed);
    const kept = await database.get<Register>('device', KEY).catch((error: unknown) => { database.close(); throw error; });
    return new People(database, kept ?? { salt: hex(crypto.getRandomValues(new Uint8Array(16))), entries: [{ database: FIRST, label: '', code: '', mark: '' }], last: FIRST });
  }

  /** Who worked here last: the one who is asked for the passphrase first. */
  get last(): string { return this.register.last; }

  /** Notes that a database is somebody's, although it is not known whose before it is unlocked. */
  taken(id: string): void {
    for (const entry of this.register.entries) if (entry.database === id) entry.mark ||= '?';
  }

  /** Everybody who has a database here. */
  get all(): Person[] { return this.register.entries.filter(entry => entry.mark).map(({ database: id, label, code }) => ({ id, label, code })); }

  /** The database of somebody who signs in, if they are known here. */
  async find(user: string): Promise<string | null> {
    const mark = await this.markOf(user);
    return this.register.entries.find(entry => entry.mark === mark)?.database ?? null;
  }

  /** A database for one more person; the first one's while nobody has it. */
  async place(): Promise<string> {
    const free = this.register.entries.find(entry => !entry.mark);
    return free?.database ?? `${FIRST}-${hex(crypto.getRandomValues(new Uint8Array(8)))}`;
  }

  /** Notes who has a database; known again at every unlocking, so that what was interrupted mends itself. */
  async note(id: string, { user, name, code }: Known): Promise<void> {
    const entry: Entry = { database: id, label: masked(name), code, mark: await this.markOf(user) };
    const { entries, salt } = this.register;
    const there = entries.some(each => each.database === id);
    const register: Register = { salt, last: id, entries: there ? entries.map(each => each.database === id ? entry : each) : [...entries, entry] };
    if (JSON.stringify(register) === JSON.stringify(this.register)) return;
    await this.database.write([{ store: 'device', key: KEY, value: register }]);
    this.register = register;
  }

  close(): void { this.database.close(); }

  private async markOf(user: string): Promise<string> {
    return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', joined(utf8(this.register.salt), utf8(user)))));
  }
}

/** What every start asks the disk for: who works here, and the first person's database, as mostly there is nobody else. */
export interface Asked { register: Promise<People>; usual: Promise<Database> }

export function askDisk(onClosed: () => void): Asked {
  const asked = { register: People.open(onClosed), usual: Database.open(FIRST, onClosed) };
  for (const each of Object.values<Promise<unknown>>(asked)) each.catch(() => {}); // who waits for it hears of it
  return asked;
}

/** Closes what came although the other did not: it would stay open beside what the next try opens. */
export async function letGo({ register, usual }: Asked): Promise<void> {
  await Promise.allSettled([register.then(people => people.close()), usual.then(database => database.close())]);
}

/** The first sign of a name: enough to choose oneself, too little to know anybody. */
export function masked(name: string): string {
  const [first = '', ...rest] = [...name];
  return rest.length ? `${first}＊` : first;
}
