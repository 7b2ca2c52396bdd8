// Cases that leave this device by the rule in py_core/eviction.py, because the record has them.
import type { Write } from './database.ts';
import { believeContents, type Open } from './opened.ts';

export const FULL_PERCENT = 100; // whatever the city has set: room is needed now

/** Parts with the cases that may go while so much of the storage is used; how many. */
export async function letGo(open: Open, usedPercent: number): Promise<number> {
  const { cases, contents, left } = open.python.leaving(usedPercent);
  if (!cases.length) return 0;
  const writes: Write[] = [];
  for (const caseId of cases) {
    writes.push({ store: 'documents', key: caseId }, { store: 'records', key: caseId });
    for (const [hash] of await open.shelf.rows(caseId)) writes.push({ store: 'receipts', key: hash });
  }
  const kept = await open.contents.without(contents); // the record has them: they are fetched again when somebody looks
  await open.shelf.write([...writes, ...kept.writes, await open.shelf.leftWrite(left)]);
  believeContents(open, contents, kept.index);
  open.python.leftNow();
  return cases.length;
}
