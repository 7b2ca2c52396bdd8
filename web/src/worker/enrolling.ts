// How a device becomes one of the record's: its key is made here, its number comes from there.
import { hex } from '../shared/bytes.ts';
import { trusted } from './carry.ts';
import type { Write } from './database.ts';
import { enrolAtRecord, type Me } from './record.ts';
import type { Identity } from './shelf.ts';
import { Signer } from './signer.ts';

/** A new signing key, taken in by the record for whoever is signed in. */
export async function enrolled(wrapping: CryptoKey, name: string, me: Me): Promise<{ signer: Signer; write: Write; identity: Identity }> {
  const { signer, write } = await Signer.create(wrapping);
  const asked = hex(await signer.signEnrolment(me.user, name));
  const { device, code, enrolment } = await enrolAtRecord(me, signer.alg, signer.publicKey, name, asked);
  const carryKeys = await trusted(me.recordKey, me.carryKeys);
  return { signer, write, identity: { user: me.user, name: me.name, ownWords: me.ownWords, device, code, recordKey: me.recordKey, carryKeys, enrolment } };
}
