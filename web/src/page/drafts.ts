// Keeps what is typed into a form (`data-draft`) on the device, sealed, until the form is taken: a closed tab, a crash
// or a flat battery costs nothing.
import type { Fields } from '../shared/protocol.ts';
import type { Bridge } from './bridge.ts';
import { fields } from './desk.ts';
import { element } from './dom.ts';
import { say } from './language.ts';
import { strip } from './strip.ts';

const PAUSE_MS = 600;
const UNTICKED = 'unticked boxes'; // in a draft: which boxes its page had that were not ticked; no control has such a name
const EMPTIED = 'emptied fields'; // in a draft: which fields somebody emptied; that another is empty says nothing

export class Drafts {
  private readonly touched = new Set<HTMLFormElement>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private carried: { key: string; draft: Fields } | null = null;
  private key: string | null = null;
  private emptied = new Set<string>(); // names of the fields of the form that somebody emptied
  private sent: string | null = null; // the draft of the form that was sent last, until its answer is shown

  constructor(private readonly bridge: Bridge) {
    document.addEventListener('input', event => {
      const form = (event.target as HTMLInputElement).form;
      if (!form || !document.getElementById('main-content')?.contains(form)) return;
      this.touched.add(form);
      this.notice(event.target as HTMLInputElement);
      delete form.dataset['kept'];
      clearTimeout(this.timer);
      this.timer = setTimeout(() => { void this.save(); }, PAUSE_MS);
    });
    document.addEventListener('submit', event => { this.submitted(event.target as HTMLFormElement); }, true);
    addEventListener('visibilitychange', () => { if (document.visibilityState === 'hidden') void this.save(); });
  }

  /** Whether something is typed that no page may overwrite. */
  get isDirty(): boolean {
    return [...this.touched].some(form => form.isConnected);
  }

  /** After a page was shown: what was typed before belongs to another page; a kept draft of this one comes back. */
  async pageShown(posted: boolean, status: number): Promise<void> {
    clearTimeout(this.timer);
    const { sent } = this;
    this.sent = null;
    const form = this.form();
    this.key = form ? keyOf(form) : null;
    const isAnswer = sent !== null && sent === this.key; // the form that was sent, given back
    if (form && (status < 400 || !isAnswer)) empty(form);
    if (!isAnswer) this.emptied = new Set();
    this.touched.clear();
    strip('draft');
    if (posted && sent) await this.bridge.call('saveDraft', sent, null).catch(() => {});
    if (this.carried) {
      await this.bridge.call('saveDraft', this.carried.key, this.carried.draft).catch(() => {});
      this.carried = null;
    }
    if (!form || !this.key) return;
    // What could not be taken, or was only looked at (`data-looks`), is kept as it was sent, whoever goes elsewhere first.
    if (isAnswer && (status >= 400 || (posted && form.hasAttribute('data-looks')))) {
      this.touched.add(form);
      await this.save();
      return;
    }
    const draft = await this.bridge.call('draft', this.key).catch(() => null);
    if (!draft || !fill(form, draft)) return;
    this.emptied = new Set(draft[EMPTIED]);
    this.touched.add(form);
    const clear = element('button', { class: 'sw-link-button', type: 'button' }, say('Start with an empty form'));
    clear.addEventListener('click', () => { void this.discard(); });
    strip('draft', say('What you had typed here before is back.'), ' ', clear);
  }

  /** Takes along what is typed when the worker cannot keep it any more; the next worker gets it. */
  carry(): void {
    const form = this.form();
    if (form && this.touched.has(form)) this.carried = { key: keyOf(form), draft: this.kept(form) };
  }

  async save(): Promise<void> {
    const form = this.form();
    if (!form || !this.touched.has(form)) return;
    const draft = this.kept(form);
    try {
      await this.bridge.call('saveDraft', keyOf(form), draft);
      form.toggleAttribute('data-kept', same(draft, this.kept(form))); // more may have been typed meanwhile
    } catch {
      strip('draft', say('This device cannot keep what you type right now. Send the form before you close the page.'));
    }
  }

  /** A draft belongs to its form: what stands in it stays kept when another form of its page is sent. */
  private submitted(form: HTMLFormElement): void {
    this.sent = form.dataset['draft'] ? keyOf(form) : null;
    if (form !== this.form()) void this.save();
  }

  private async discard(): Promise<void> {
    if (this.key) await this.bridge.call('saveDraft', this.key, null);
    this.touched.clear();
    location.reload();
  }

  private notice(control: HTMLInputElement): void {
    if (control.value === '') this.emptied.add(control.name);
    else this.emptied.delete(control.name);
  }

  private kept(form: HTMLFormElement): Fields {
    const { csrf: _, ...rest } = fields(new FormData(form));
    const boxes = [...form.elements].filter(isBox);
    const emptied = [...this.emptied].filter(name => rest[name]?.[0] === '');
    return {
      ...rest,
      ...boxes.length ? { [UNTICKED]: boxes.filter(box => !box.checked).map(nameOf) } : {},
      ...emptied.length ? { [EMPTIED]: emptied } : {},
    };
  }

  private form(): HTMLFormElement | null { return document.querySelector<HTMLFormElement>('main form[data-draft]'); }
}

function keyOf(form: HTMLFormElement): string { return `${form.dataset['draft']} ${new URL(form.action, location.href).pathname}`; }

function isBox(control: Element): control is HTMLInputElement { return control instanceof HTMLInputElement && control.type === 'checkbox'; }

function nameOf(box: HTMLInputElement): string { return `${box.name}=${box.value}`; }

function same(one: Fields, other: Fields): boolean { return JSON.stringify(one) === JSON.stringify(other); }

/** A form as its page gives it: morphing leaves what was typed into the form that stood there before. */
function empty(form: HTMLFormElement): void {
  form.reset();
  form.dispatchEvent(new Event('shouwen:filled', { bubbles: true }));
}

/**
 * Puts a draft into a form; false when it changes nothing. What the draft knows nothing of stays as the page gives it:
 * a box that came since, a choice that nobody had made, a field that was empty without somebody having emptied it.
 */
function fill(form: HTMLFormElement, draft: Fields): boolean {
  let changed = false;
  for (const control of form.elements) {
    if (control instanceof HTMLInputElement && (control.type === 'radio' || control.type === 'checkbox')) {
      if (control.type === 'radio' && draft[control.name] === undefined) continue;
      const checked = draft[control.name]?.includes(control.value) ?? false;
      if (!checked && isBox(control) && draft[UNTICKED]?.includes(nameOf(control)) === false) continue;
      if (control.checked !== checked) { control.checked = checked; changed = true; }
    } else if (control instanceof HTMLInputElement || control instanceof HTMLTextAreaElement || control instanceof HTMLSelectElement) {
      const value = draft[control.name]?.[0];
      if (value === '' && !draft[EMPTIED]?.includes(control.name)) continue;
      if (value !== undefined && control.value !== value) { control.value = value; changed ||= control.type !== 'hidden' || control.hasAttribute('data-typed'); }
    }
  }
  form.dispatchEvent(new Event('shouwen:filled', { bubbles: true }));
  return changed;
}
