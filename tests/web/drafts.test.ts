// What a form's draft is: kept until its own form is taken, given back without undoing what came since. Node has no
// pages, so forms are as much of one as drafts look at; `e2e/test_absence.py` walks it in a browser.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { Bridge } from '../../web/src/page/bridge.ts';
import type { Drafts as DraftsOfPage } from '../../web/src/page/drafts.ts';
import type { Fields } from '../../web/src/shared/protocol.ts';

class HTMLElement {}
class HTMLInputElement extends HTMLElement {
  readonly defaultValue: string;
  readonly defaultChecked: boolean;
  constructor(readonly type: string, readonly name: string, public value: string, public checked = false) {
    super();
    this.defaultValue = value;
    this.defaultChecked = checked;
  }
  hasAttribute(): boolean { return false; }
}
class HTMLFormElement extends HTMLElement {
  readonly isConnected = true;
  readonly action: string;
  readonly dataset: Record<string, string>;
  constructor(path: string, draft: string | null, readonly elements: HTMLInputElement[], private readonly looks = false) {
    super();
    this.action = `https://desk.example${path}`;
    this.dataset = draft ? { draft } : {};
  }
  hasAttribute(name: string): boolean { return name === 'data-looks' && this.looks; }
  toggleAttribute(): void {}
  dispatchEvent(): void {}
  reset(): void { for (const each of this.elements) { each.value = each.defaultValue; each.checked = each.defaultChecked; } }
}
class FormData {
  constructor(private readonly form: HTMLFormElement) {}
  * [Symbol.iterator](): Iterator<[string, string]> {
    for (const each of this.form.elements) if (!['checkbox', 'radio'].includes(each.type) || each.checked) yield [each.name, each.value];
  }
}

let shown: HTMLFormElement;
const listeners = new Map<string, (event: { target: unknown }) => void>();
const part = { append() {}, remove() {}, replaceChildren() {}, addEventListener() {}, setAttribute() {}, contains: () => true, toggleAttribute() {} };
const page = {
  visibilityState: 'visible', documentElement: { lang: 'en' }, createElement: () => ({ ...part }), getElementById: () => part,
  addEventListener: (kind: string, heard: (event: { target: unknown }) => void) => { listeners.set(kind, heard); },
  querySelector: (wanted: string) => wanted === 'main form[data-draft]' ? shown : part,
};
Object.assign(globalThis, {
  HTMLElement, HTMLInputElement, HTMLFormElement, FormData, HTMLTextAreaElement: class {}, HTMLSelectElement: class {}, document: page,
  addEventListener() {}, location: { href: 'https://desk.example/absence' },
});
const { Drafts } = await import('../../web/src/page/drafts.ts');

const KEY = 'absence-linxiao /absence';
let kept: Map<string, Fields>;
let drafts: DraftsOfPage;

beforeEach(() => {
  kept = new Map();
  const call = async (op: string, key: string, draft: Fields | null): Promise<unknown> => {
    if (op === 'draft') return kept.get(key) ?? null;
    if (draft) kept.set(key, draft);
    else kept.delete(key);
    return true;
  };
  drafts = new Drafts({ call } as unknown as Bridge);
});

/** The page of absences with these days and cases; `looks` when it shows what would be recorded. */
function absence(days: string, cases: Record<string, boolean>, looks = false): HTMLFormElement {
  const boxes = Object.entries(cases).map(([id, ticked]) => new HTMLInputElement('checkbox', 'case', id, ticked));
  return new HTMLFormElement('/absence', 'absence-linxiao', [new HTMLInputElement('date', 'from', days), ...boxes], looks);
}

async function open(form: HTMLFormElement, posted = false, status = 200): Promise<void> {
  shown = form;
  await drafts.pageShown(posted, status);
}

function type(days: string, field = 0): void {
  const control = shown.elements[field]!;
  control.value = days;
  listeners.get('input')!({ target: { form: shown, name: control.name, value: days } });
}

function send(form: HTMLFormElement): void { listeners.get('submit')!({ target: form }); }

function standing(): unknown[] { return shown.elements.map(each => each.type === 'checkbox' ? each.checked : each.value); }

test('an absence that was recorded leaves no draft, and what came since stays as the page gives it', async () => {
  await open(absence('', { a: true }));
  type('2025-12-24');
  send(shown);
  await open(absence('2025-12-24', { a: true }, true), true); // what will be recorded
  assert.ok(drafts.isDirty && kept.has(KEY), 'what was only looked at is kept');
  send(shown);
  await open(absence('', { a: true }), true); // the page after it was recorded
  assert.ok(!drafts.isDirty, 'an untouched form stops no refresh');
  assert.equal(kept.size, 0);
  await open(absence('2025-12-24', { a: true, b: true }));
  assert.deepEqual(standing(), ['2025-12-24', true, true]);
});

test('another form of the page costs the draft nothing, taken or not, and keeps nothing of its own', async () => {
  const back = new HTMLFormElement('/absence', null, [new HTMLInputElement('date', 'back', '2025-12-24')]);
  await open(absence('', { a: true }));
  send(back);
  await open(absence('', { a: true }), false, 422);
  assert.ok(!drafts.isDirty && kept.size === 0, 'an untouched form is no draft');
  type('2025-12-29');
  send(back);
  await open(absence('', { a: true }), false, 422);
  assert.deepEqual(standing(), ['2025-12-29', true]);
  send(back);
  await open(absence('', { a: true }), true);
  assert.deepEqual(standing(), ['2025-12-29', true]);
  assert.ok(drafts.isDirty && kept.has(KEY));
});

test('a draft unticks only boxes that it knew', async () => {
  await open(absence('', { a: true, b: true }));
  shown.elements[1]!.checked = false;
  type('2025-12-24');
  await drafts.save();
  await open(absence('', { a: true, b: true, c: true, d: false }));
  assert.deepEqual(standing(), ['2025-12-24', false, true, true, false]);
});

test('a form that could not be taken is kept as it was sent', async () => {
  await open(absence('', { a: true }));
  type('2025-13-24');
  send(shown);
  shown = absence('2025-13-24', { a: true });
  await drafts.pageShown(false, 422);
  assert.ok(drafts.isDirty);
  await open(absence('', { a: true }));
  assert.deepEqual(standing(), ['2025-13-24', true]);
});

/** The page of an extension as it gives its day and who asked; the reason is typed. */
function extension(day: string, asker: string): HTMLFormElement {
  const askers = ['A', 'B'].map(each => new HTMLInputElement('radio', 'asker', each, each === asker));
  return new HTMLFormElement('/absence', 'absence-linxiao', [new HTMLInputElement('date', 'until', day), new HTMLInputElement('text', 'reason', ''), ...askers]);
}

test('a draft leaves a day and a choice that the page gives, where nobody had set another', async () => {
  await open(extension('', ''));
  type('等待批文', 1);
  await drafts.save();
  await open(extension('2026-01-15', 'A'));
  assert.deepEqual(shown.elements.map(each => each.type === 'radio' ? each.checked : each.value), ['2026-01-15', '等待批文', true, false]);
});

test('a day that somebody emptied is empty again, also after the form could not be taken', async () => {
  await open(extension('2026-01-15', 'A'));
  type('', 0);
  await drafts.save();
  await open(extension('2026-01-15', 'A'));
  assert.equal(shown.elements[0]!.value, '');
  send(shown);
  await open(extension('', 'A'), false, 422);
  await open(extension('2026-01-15', 'A'));
  assert.equal(shown.elements[0]!.value, '');
  type('2026-01-20', 0);
  await drafts.save();
  await open(extension('2026-01-15', 'A'));
  assert.equal(shown.elements[0]!.value, '2026-01-20');
});
