// Who works on a device: a database each, and a register that tells a stranger as little as it can.
import 'fake-indexeddb/auto';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deleteDB, openDB } from 'idb';
import { Database } from '../../web/src/worker/database.ts';
import { askDisk, letGo, masked, People } from '../../web/src/worker/people.ts';

const LIN = { user: 'linxiao', name: '林晓', code: 'K7Q' };
const ZHAO = { user: 'zhaolei', name: '赵磊', code: 'M2R' };

test('a name is shown by its first sign only', () => {
  assert.deepEqual(['林晓', '欧阳修', '𠮷野', 'Lin', 'L', ''].map(masked), ['林＊', '欧＊', '𠮷＊', 'L＊', 'L', '']);
});

test('each person has a database of their own, known again by whoever signs in', async () => {
  const people = await People.open(() => {});
  assert.deepEqual(people.all, []);
  const first = await people.place();
  assert.equal(first, 'shouwen');
  assert.equal(await people.find('linxiao'), null);
  await people.note(first, LIN);
  const second = await people.place();
  assert.notEqual(second, first);
  await people.note(second, ZHAO);
  const again = await People.open(() => {});
  assert.deepEqual(again.all, [{ id: first, label: '林＊', code: 'K7Q' }, { id: second, label: '赵＊', code: 'M2R' }]);
  assert.deepEqual([await again.find('linxiao'), await again.find('zhaolei'), await again.find('wumin')], [first, second, null]);
  assert.equal(again.last, second, 'who worked last is asked first');
  await again.note(first, LIN);
  assert.equal((await People.open(() => {})).last, first);
  assert.equal(again.all.length, 2, 'nobody is listed twice');
});

test('the register holds neither names nor accounts', async () => {
  const register = JSON.stringify((await (await Database.open('shouwen-people')).all('device')));
  for (const secret of ['林晓', '赵磊', 'linxiao', 'zhaolei']) assert.ok(!register.includes(secret), secret);
});

test('a database that is somebody’s already is given to nobody else', async () => {
  const fresh = await People.open(() => {});
  fresh.taken('shouwen');
  assert.notEqual(await fresh.place(), 'shouwen');
});

test('of a try that failed nothing stays open', async () => {
  const names = ['shouwen', 'shouwen-people'];
  for (const failing of names) {
    for (const name of names) await deleteDB(name);
    (await openDB(failing, 99)).close(); // an app of later made it
    let asked = 0;
    const both = askDisk(() => { asked += 1; });
    await assert.rejects(Promise.all([both.register, both.usual]));
    await letGo(both);
    for (const name of names) await deleteDB(name);
    assert.equal(asked, 0, `nobody had to be asked to close it when ${failing} failed`);
  }
});
