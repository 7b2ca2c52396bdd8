// Nothing that a person wrote stands readable in the device's store: canary texts go in everywhere content goes, then
// every byte of every store is searched.
import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { deserialize, serialize } from 'node:v8';
import { hex, utf8 } from '../../web/src/shared/bytes.ts';
import { Refusal } from '../../web/src/shared/protocol.ts';
import { Database, STORES } from '../../web/src/worker/database.ts';
import { Contents } from '../../web/src/worker/contents.ts';
import { EMPTY_BOOK, Shelf } from '../../web/src/worker/shelf.ts';
import { Signer } from '../../web/src/worker/signer.ts';
import { Patience } from '../../web/src/worker/patience.ts';
import { ITERATIONS, Vault, type Sealed } from '../../web/src/worker/vault.ts';

const PASSPHRASE = '金丝雀口令 canary-pass';
const CANARY = 'CANARY-金丝雀-赵钱孙李';
const CASE = 'ab'.repeat(16);
const HASH = 'cd'.repeat(32);
let database: Database;
let vault: Vault;
let shelf: Shelf;

before(async () => {
  database = await Database.open('shouwen');
  const made = await Vault.create(PASSPHRASE);
  const { write } = await Signer.create(made.wrapping);
  vault = made.vault;
  shelf = new Shelf(database, vault);
  const identity = { user: `user-${CANARY}`, name: CANARY, device: `device-${CANARY}`, code: 'K7Q', recordKey: '00' };
  const row = { case_id: CASE, hash: HASH, raw: utf8(CANARY), alg: 1, signature: utf8(CANARY), actor: '00'.repeat(16), actor_signature: '', reason: '' };
  await shelf.write([
    ...made.writes, write,
    await shelf.identityWrite(identity),
    await shelf.bookWrite({ ...EMPTY_BOOK, scope: CANARY, nextSeq: 7 }),
    await shelf.directoryWrite(JSON.stringify({ city: CANARY })),
    await shelf.rowsWrite(CASE, [[HASH, [], JSON.stringify({ text: CANARY }), null, null]]),
    await shelf.documentWrite(CASE, utf8(CANARY)),
    await shelf.waitingWrite(row, 7),
    await shelf.receiptWrite({ case_id: CASE, hash: HASH, log_index: 1, received_at_ms: 2, sig: CANARY }),
    await shelf.draftWrite('register /register', { text: [CANARY] }),
  ]);
  const named = { sha256: 'ef'.repeat(32), bytes: 1, type: 'image/jpeg', name: CANARY };
  const content = new Blob([CANARY.repeat(20_000)], { type: 'image/jpeg' });
  await (await Contents.load(database, vault)).keep({ named, content, isRedrawn: true }, content, { bytes: 1e9, side: 1, device: 1e9 }, 0);
});
after(() => database.close());

test('the canary is in no store, neither as text nor as UTF-16, hex or base64', async () => {
  for (const store of STORES) {
    const entries = await database.all<unknown>(store);
    assert.ok(entries.length > 0, `${store} is empty: the test no longer covers it`);
    for (const [key, value] of entries) {
      const bytes = Buffer.concat([Buffer.from(key), ...readable(value)]);
      for (const secret of [CANARY, '赵钱孙李', PASSPHRASE, 'canary-pass']) {
        for (const form of [Buffer.from(secret), Buffer.from(secret, 'utf16le'), Buffer.from(hex(utf8(secret))), Buffer.from(Buffer.from(secret).toString('base64'))]) {
          assert.equal(bytes.indexOf(form), -1, `${store}/${key} holds ${secret} readable`);
        }
      }
    }
  }
});

test('the search would find a canary that was stored readable', () => {
  const found = Buffer.concat(readable({ deep: [{ text: CANARY }, new Map([['k', utf8(CANARY).buffer]])] }));
  assert.notEqual(found.indexOf(Buffer.from(CANARY)), -1);
  assert.notEqual(Buffer.concat(readable(utf8(CANARY).buffer)).indexOf(Buffer.from(CANARY)), -1);
});

test('what was sealed comes back with the passphrase, in another session', async () => {
  const again = new Shelf(database, (await Vault.unlock(database, PASSPHRASE)).vault);
  assert.equal((await again.identity())?.name, CANARY);
  assert.equal((await again.book()).nextSeq, 7);
  assert.deepEqual(await again.draft('register /register'), { text: [CANARY] });
  assert.equal(Buffer.from((await again.document(CASE))!).toString(), CANARY);
  const [waiting] = await again.waiting();
  assert.equal(Buffer.from(waiting!.raw).toString(), CANARY);
});

test('a sealed value is bound to its store and key, and to its bytes', async () => {
  const sealed = (await database.get<Sealed>('documents', CASE))!;
  await assert.rejects(vault.open('documents', 'ef'.repeat(16), sealed), { name: 'OperationError' });
  await assert.rejects(vault.open('records', CASE, sealed), { name: 'OperationError' });
  const bent = { iv: sealed.iv, data: sealed.data.slice(0) };
  new Uint8Array(bent.data)[0]! ^= 1;
  await assert.rejects(vault.open('documents', CASE, bent), { name: 'OperationError' });
});

test('a wrong passphrase is said, then slowed; the right one clears the count', async () => {
  let now = 1_000;
  const patience = new Patience(() => now);
  const attempt = async (passphrase: string): Promise<string> => {
    try { await Vault.unlock(database, passphrase, undefined, patience); return 'open'; } catch (error) {
      assert.ok(error instanceof Refusal);
      return `${error.code} ${error.detail}`.trim();
    }
  };
  assert.equal(await attempt('not the one'), 'wrong_passphrase');
  assert.equal(await attempt('not the one'), 'wrong_passphrase');
  assert.equal(await attempt('not the one'), 'wrong_passphrase 2');
  assert.equal(await attempt(PASSPHRASE), 'slow_down 2');
  now += 2_000;
  assert.equal(await attempt('not the one'), 'wrong_passphrase 4');
  now += 4_000;
  assert.equal(await attempt(PASSPHRASE), 'open');
  assert.equal(await attempt('not the one'), 'wrong_passphrase');
});

test('neither a clock that is set nor a new start shortens the pause', async () => {
  let now = 1_000;
  let patience = new Patience(() => now);
  const attempt = async (passphrase: string): Promise<string> => {
    try { await Vault.unlock(database, passphrase, undefined, patience); return 'open'; } catch (error) {
      assert.ok(error instanceof Refusal);
      return `${error.code} ${error.detail}`.trim();
    }
  };
  for (const [wait, said] of [[0, ''], [0, ' 2'], [2_000, ' 4'], [4_000, ' 8']] as const) {
    now += wait;
    assert.equal(await attempt('not the one'), `wrong_passphrase${said}`);
  }
  const today = Date.now;
  try {
    for (const shifted of [-86_400_000, 60_000, 86_400_000]) {
      Date.now = () => today() + shifted;
      assert.equal(await attempt(PASSPHRASE), 'slow_down 8', `the clock is set by ${shifted}`);
    }
  } finally { Date.now = today; }

  // A new start: the count is still there, the pause counts from the start.
  now = 3_000;
  patience = new Patience(() => now);
  assert.equal(await attempt(PASSPHRASE), 'slow_down 5');
  now = 8_000;
  assert.equal(await attempt('not the one'), 'wrong_passphrase 16');
  assert.equal(await attempt(PASSPHRASE), 'slow_down 16');
  now += 16_000;
  assert.equal(await attempt(PASSPHRASE), 'open');
});

test('a passphrase that is short or easy to guess makes no key; the work to try one is as promised', async () => {
  for (const weak of ['1234567', '12345678', 'password1234']) await assert.rejects(Vault.create(weak), (error: Refusal) => error.code === 'weak_passphrase');
  assert.ok(ITERATIONS >= 600_000);
  assert.ok((await database.get<{ iterations: number }>('device', 'key'))!.iterations >= 600_000);
});

test('the signing key lies sealed on the disk, and cannot leave once it is unwrapped', async () => {
  const stored = (await database.get<object>('device', 'signing'))!;
  assert.ok(!Object.values(stored).some(value => value instanceof CryptoKey), 'browsers keep such keys readable on the disk');
  const { vault: content, wrapping } = await Vault.unlock(database, PASSPHRASE);
  const signer = (await Signer.load(database, wrapping))!;
  const { key } = signer as unknown as { key: CryptoKey };
  assert.equal(key.extractable, false);
  for (const format of ['pkcs8', 'jwk'] as const) await assert.rejects(crypto.subtle.exportKey(format, key));
  assert.ok(await signer.verify(await signer.signOutbox(utf8('x')), utf8('x')));
  const sealed = (stored as { wrapped: Sealed }).wrapped;
  await assert.rejects(content.open('device', 'signing', sealed), { name: 'OperationError' }, 'the key for content opens it not');
  const other = (await Vault.create('another good passphrase', [], 1)).wrapping;
  await assert.rejects(Signer.load(database, other), { name: 'OperationError' });
});

test('another passphrase opens the same content, and the one before does not', async () => {
  await assert.rejects(Vault.changePassphrase(database, 'not the one', 'a new and better one'), (error: Refusal) => error.code === 'wrong_passphrase');
  await assert.rejects(Vault.changePassphrase(database, PASSPHRASE, '12345678'), (error: Refusal) => error.code === 'weak_passphrase');
  await Vault.changePassphrase(database, PASSPHRASE, 'a new and better one');
  await assert.rejects(Vault.unlock(database, PASSPHRASE), (error: Refusal) => error.code === 'wrong_passphrase');
  const { vault: again } = await Vault.unlock(database, 'a new and better one');
  assert.equal((await new Shelf(database, again).identity())?.name, CANARY);
  await Vault.changePassphrase(database, 'a new and better one', PASSPHRASE);
});

test('a passkey opens beside the passphrase, only with its own secret, until it is taken away', async () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const passkey = { id: 'key-1', salt: crypto.getRandomValues(new Uint8Array(32)) };
  const refused = (code: string) => (error: Refusal): boolean => error.code === code;
  await assert.rejects(Vault.addPasskey(database, 'not the one', passkey, secret), refused('wrong_passphrase'));
  await assert.rejects(Vault.addPasskey(database, PASSPHRASE, passkey, secret.slice(0, 8)), refused('wrong_passkey'));
  await Vault.addPasskey(database, PASSPHRASE, passkey, secret);
  assert.deepEqual(await Vault.passkeys(database), [passkey]);
  const { vault: opened } = await Vault.unlockByPasskey(database, 'key-1', secret);
  assert.equal((await new Shelf(database, opened).identity())?.name, CANARY);
  await assert.rejects(Vault.unlockByPasskey(database, 'key-1', crypto.getRandomValues(new Uint8Array(32))), refused('wrong_passkey'));
  await assert.rejects(Vault.unlockByPasskey(database, 'key-2', secret), refused('wrong_passkey'));
  await Vault.removePasskeys(database);
  await assert.rejects(Vault.unlockByPasskey(database, 'key-1', secret), refused('wrong_passkey'));
});

test('a transaction that fails half-way leaves nothing', async () => {
  const good = await shelf.draftWrite('half', { text: ['x'] });
  await assert.rejects(shelf.write([good, { store: 'drafts', key: 'broken', value: () => 'functions cannot be stored' }]));
  assert.equal(await shelf.draft('half'), null);
});

/** Every string and every byte in a stored value. Keys of WebCrypto are opaque and give nothing. */
function readable(value: unknown): Buffer[] {
  if (value instanceof ArrayBuffer) return [Buffer.from(value)];
  if (ArrayBuffer.isView(value)) return [Buffer.from(value.buffer, value.byteOffset, value.byteLength)];
  if (value instanceof Map || value instanceof Set || Array.isArray(value)) return [...value].flatMap(readable);
  if (value instanceof CryptoKey) return [];
  if (typeof value === 'object' && value !== null) return Object.entries(value).flatMap(readable);
  return [Buffer.from(String(deserialize(serialize(value))))];
}
