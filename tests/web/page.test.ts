// Small decisions of the page: which addresses the device answers, how strong a passphrase is, words in both languages.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import chinese from '../../web/locale/zh-CN.json';
import { summed, untold } from '../../web/src/page/alerts.ts';
import { chosenBy } from '../../web/src/page/keyboard.ts';
import { strength } from '../../web/src/shared/strength.ts';
import { nearlyFull, size } from '../../web/src/page/storage.ts';
import { fields } from '../../web/src/page/desk.ts';
import { isDeskPage, isServerPage } from '../../web/src/shared/routes.ts';
import { translate } from '../../web/src/shared/texts.ts';

declare const __ROOT__: string;

test('desk pages are answered on the device, everything else by the server', () => {
  for (const path of ['/', '/today', '/absence', '/register', '/cases', '/cases/ab', '/cases/ab/do/accept', '/cases/ab/slips/receipt', '/visits', '/visits/ab/record', '/enterprises/n-1', '/sync']) {
    assert.ok(isDeskPage(path), path);
  }
  for (const path of ['/sync/events', '/me', '/devices', '/centre', '/centre/cases', '/public/status', '/sign-in', '/sign-out', '/assets/page.js', '/todayx', '/healthz', '/api/x']) {
    assert.ok(!isDeskPage(path), path);
  }
});

test('a page of the server needs the network; an address that nobody knows is told so on the device', () => {
  for (const path of ['/centre', '/centre/cases', '/public/status', '/sign-in', '/sync/events']) assert.ok(isServerPage(path), path);
  for (const path of ['/no-such-page', '/centrex', '/today', '/sync']) assert.ok(!isServerPage(path), path);
});

test('storage is nearly full when little is left, however large it is', () => {
  const of = (used: number, quota: number) => ({ used, quota, persistent: true });
  assert.ok(nearlyFull(of(50e6, 100e6)));
  assert.ok(nearlyFull(of(91e9, 100e9)));
  assert.ok(!nearlyFull(of(50e6, 10e9)));
  assert.ok(!nearlyFull(of(0, 0)), 'a browser that does not say');
});

test('sizes are told in the unit that people read', () => {
  assert.deepEqual([0, 23_400_000, 100e6, 10_783e6].map(size), ['0 MB', '23.4 MB', '100 MB', '10.8 GB']);
});

test('a passphrase is judged as the record judges a password', () => {
  const vectors = JSON.parse(fs.readFileSync(`${__ROOT__}/tests/vectors/passphrases.json`, 'utf8')) as { text: string; own: string[]; strength: number }[];
  assert.ok(vectors.length > 40);
  for (const each of vectors) assert.equal(strength(each.text, each.own), each.strength, each.text);
});

test('alerts are told once, together, and only as numbers', () => {
  const alerts = [{ key: 'a-red', light: 'red' }, { key: 'b-red', light: 'red' }, { key: 'c-overdue', light: 'overdue' }];
  assert.deepEqual(untold(alerts, new Set(['b-red'])).map(alert => alert.key), ['a-red', 'c-overdue']);
  assert.deepEqual(untold(alerts, new Set(alerts.map(alert => alert.key))), []);
  assert.equal(summed(alerts, (id, values) => translate('zh-CN', id, values)), '超期 1 项 · 今日到期 2 项');
  assert.equal(summed(alerts, (id, values) => translate('en', id, values)), '1 overdue · 2 due today');
});

test('a number or letter means the choice that bears it', () => {
  const choices = [...'abcdefghijkl'];
  assert.equal(chosenBy('1', choices), 'a');
  assert.equal(chosenBy('0', choices), 'j');
  assert.equal(chosenBy('A', choices), 'k');
  assert.equal(chosenBy('b', choices), 'l');
  for (const other of ['c', 'Enter', 'Tab', ' ', '-']) assert.equal(chosenBy(other, choices), undefined, other);
});

test('repeated form fields keep all their values; files are not taken as text', () => {
  const form = new FormData();
  form.append('paper', 'a');
  form.append('paper', 'b');
  form.append('file', new Blob(['x']), 'x.txt');
  assert.deepEqual(fields(form), { paper: ['a', 'b'] });
});

test('every sentence of the browser has its Chinese, and no translation is left over', () => {
  const found = new Set<string>(['Opening …']);
  for (const file of fs.readdirSync(`${__ROOT__}/web/src`, { recursive: true }).map(String).filter(name => name.endsWith('.ts'))) {
    const source = fs.readFileSync(`${__ROOT__}/web/src/${file}`, 'utf8');
    for (const [, id] of source.matchAll(/(?:say|translate)\((?:(?:'zh-CN'|lang), )?'([^']+)'/g)) found.add(id!);
    for (const [, list] of source.matchAll(/const (?:STRENGTHS|WORDS) = \[([^\]]+)\]/g)) for (const [, id] of list!.matchAll(/'([^']+)'/g)) found.add(id!);
  }
  assert.deepEqual([...found].filter(id => !(id in chinese)), []);
  assert.deepEqual(Object.keys(chinese).filter(id => !found.has(id)), []);
});

test('values are put into both languages, and every place of the English is in the Chinese', () => {
  assert.equal(translate('en', '{done} of {total} MB', { done: '1.2', total: 3 }), '1.2 of 3 MB');
  assert.equal(translate('zh-CN', 'Ready for offline use'), '可离线使用');
  for (const [id, text] of Object.entries(chinese)) assert.deepEqual(places(text), places(id), id);
});

function places(text: string): string[] { return [...text.matchAll(/\{\w+\}/g)].map(String).sort(); }
