// The local app: the shell paints at once, asks for the passphrase if the device is locked, then shows the worker's
// page for this address.
import { SNAPSHOT_MAKER, WRITER, type DeskResponse, type Unlocked } from '../shared/protocol.ts';
import { Alerts } from './alerts.ts';
import type { Bridge } from './bridge.ts';
import { offerCarrying } from './carrying.ts';
import { deskPage, deskRequest, followed } from './desk.ts';
import { element } from './dom.ts';
import { Drafts } from './drafts.ts';
import { failureText, technical } from './failures.ts';
import { Files, forgetPictures } from './files.ts';
import { forgetKeys, handOverWhenLeft, keysFor, keysKept } from './handover.ts';
import { heldWork, markHeldWork } from './held_work.ts';
import { deviceKeeper } from './keepers.ts';
import { chosenLang, rememberLang, say } from './language.ts';
import { Live } from './live.ts';
import { answerFromWorker, configure, failedPage, markHistory, show } from './navigation.ts';
import { showOpening, showReenrolment } from './opening.ts';
import { passkeysPossible, secretOf } from './passkeys.ts';
import { chosenPerson, showPasskeyButton, showPeople, unlockForm } from './passphrase.ts';
import { finishPreparing, prepareAnother } from './preparing.ts';
import { Signing } from './signing.ts';
import { showStorage, watchStorage } from './storage.ts';
import { offerRecalling } from './recalling.ts';
import { clearStrip, keepStrip, strip } from './strip.ts';
import { reportSurroundings } from './surroundings.ts';
import { offerTrying } from './trying.ts';
import { lacksSnapshot } from '../worker/snapshot.ts';
import { offerUpdates } from './updates.ts';

const WAIT_NOTE_MS = 3_000;
const STARTED_MS_MAX = 120;
const SNAPSHOT_AFTER_MS = 8_000;
const SNAPSHOT_MS_MAX = 60_000;
const JOIN = 'join'; // in the address after somebody signed in to work on this device too

export async function startShell(bridge: Bridge): Promise<void> {
  configure();
  document.documentElement.lang = chosenLang();
  rememberLang(document.documentElement.lang);
  const skeleton = translated(document.body.cloneNode(true) as HTMLBodyElement);
  translated(document.body as HTMLBodyElement);
  markHistory(address());
  const drafts = new Drafts(bridge);
  const alerts = new Alerts(bridge);
  new Files(deviceKeeper(bridge));
  new Signing();
  const live = new Live(bridge, drafts);
  const app = new Shell(bridge, drafts, alerts, live, skeleton);
  answerFromWorker(bridge, ({ posted, refused, status }) => { live.pageShown(refused); keepStrip(); app.lockButton(); alerts.showSetting(); if (document.getElementById('storage-setting')) void showStorage(); void showOpening(bridge); void drafts.pageShown(posted, status); });
  // A refreshed page comes without what only the shell can draw.
  document.addEventListener('htmx:after:swap', () => { app.lockButton(); showReenrolment(bridge); });
  offerUpdates(bridge, drafts);
  offerCarrying(bridge);
  offerRecalling(bridge);
  offerTrying(bridge);
  reportSurroundings(bridge);
  handOverWhenLeft(bridge, () => drafts.save());
  watchStorage();
  bridge.addEventListener('state', () => { void app.follow(); });
  bridge.addEventListener('restarted', event => { void app.restarted((event as CustomEvent<string>).detail); });
  const waiting = setTimeout(() => strip('door', say('Waiting: Shouwen may be open in another tab of this browser. Close it, or go on there.')), WAIT_NOTE_MS);
  // A worker that runs answers within milliseconds. A new one has to start first: meanwhile the passphrase can be typed.
  // When the page before this one handed the device over, nothing has to be typed.
  const kept = keysKept();
  const ask = async (): Promise<void> => { if (!await kept && bridge.state === null) app.askPassphrase(); };
  const starting = setTimeout(() => { void ask(); }, STARTED_MS_MAX);
  void mayWorkerRun().then(running => running ? undefined : ask());
  try {
    await bridge.workingState();
  } finally {
    clearTimeout(starting);
    clearTimeout(waiting);
    strip('door');
  }
  await app.begin(await kept);
}

class Shell {
  private shown: 'nothing' | 'unlock' | 'unprepared' | 'preparing' | 'page' = 'nothing';
  private shownWho = '';
  private unlocking = false;
  private begun = false;

  constructor(private readonly bridge: Bridge, private readonly drafts: Drafts, private readonly alerts: Alerts, private readonly live: Live, private readonly skeleton: HTMLBodyElement) {}

  /** Shows what fits the door: a page, the unlock form, or how to prepare. */
  async follow(coming: DeskResponse | null = null): Promise<void> {
    const { door, ready, who = '' } = this.bridge.state ?? {};
    if (!this.begun || this.shown === 'preparing' || this.unlocking) return; // the answer to unlocking brings state and page
    if (door === 'open' && !ready) await this.prepare(() => finishPreparing(this.bridge));
    else if (door === 'open' && (this.shown !== 'page' || this.shownWho !== who)) await this.firstPage(coming);
    else if (door === 'locked') this.askPassphrase();
    else if (door === 'none') this.notPrepared();
  }

  /** The worker's door is known; with `kept` keys the person goes on also where a worker had to start anew. */
  async begin(kept: boolean): Promise<void> {
    this.begun = true;
    if (new URLSearchParams(location.search).has(JOIN)) { forgetKeys(); await this.join(); return; }
    if (kept && this.bridge.state?.door === 'locked') await this.tryToOpen(() => this.bridge.call('resume', keysFor(), deskRequest('GET', address(), {})));
    else if (kept) forgetKeys();
    await this.follow();
  }

  /** Somebody signed in to work on this device too: they unlock what is theirs, or a place is prepared for them. */
  private async join(): Promise<void> {
    history.replaceState(null, '', '/today');
    try {
      const place = await this.bridge.call('turnTo');
      await this.bridge.freshState();
      if (place === 'new') await this.prepare(() => prepareAnother(this.bridge)); else await this.follow();
    } catch (error) {
      await this.follow();
      strip('door', failureText(error));
    }
  }

  private async prepare(steps: () => Promise<unknown>): Promise<void> {
    this.empty('preparing');
    document.getElementById('main-content')?.replaceChildren(
      element('h1', { class: 'govuk-heading-l' }, say('This device is being prepared for you')),
      element('p', { class: 'govuk-body' }, say('Everybody on this device has a passphrase, an outbox and drafts of their own; nobody can read another’s.')));
    await steps();
    strip('prepare');
    this.shown = 'nothing';
    await this.bridge.freshState();
    await this.follow();
  }

  /** The worker was replaced; `why` is the program's own word for it, which one strip says and no other. */
  async restarted(why: string): Promise<void> {
    this.begun = true;
    this.drafts.carry();
    this.shown = 'nothing';
    strip('problem');
    strip('restarted', say('The offline part had stopped working and was started again. Everything with a tick is safe; unlock to go on.'), technical(why));
    await this.bridge.freshState();
    await this.follow();
  }

  lockButton(): void {
    const row = document.querySelector('.sw-bar__row');
    if (!row || row.querySelector('#lock')) return;
    const button = element('button', { id: 'lock', class: 'sw-bar__button', type: 'button' }, say('Lock'));
    button.addEventListener('click', () => { forgetKeys(); void this.drafts.save().then(() => this.bridge.call('lock')); });
    row.append(button);
  }

  private async firstPage(coming: DeskResponse | null): Promise<void> {
    this.shown = 'page';
    this.shownWho = this.bridge.state?.who ?? '';
    try {
      const { response, url } = coming ? await followed(this.bridge, coming, address()) : await deskPage(this.bridge, 'GET', address());
      markHistory(url);
      performance.mark('shouwen-heard');
      document.querySelector<HTMLElement>('#unlock :focus')?.blur(); // taken away with the focus it would have the new page styled at once
      await show(response.html);
      this.live.pageShown(false);
      document.title = new DOMParser().parseFromString(response.html.slice(0, response.html.indexOf('</head>')), 'text/html').title;
      strip('door');
      keepStrip();
      this.lockButton();
      this.alerts.showSetting();
      void showStorage();
      void showOpening(this.bridge);
      showReenrolment(this.bridge);
      await this.drafts.pageShown(false, response.status);
      performance.mark('shouwen-page');
      setTimeout(() => { void makeSnapshot(); }, SNAPSHOT_AFTER_MS);
    } catch (error) {
      failedPage(error);
    }
  }

  askPassphrase(): void {
    const { people = [], who = '' } = this.bridge.state ?? {};
    if (this.shown === 'unlock') { showPeople(people, who); return; }
    this.empty('unlock');
    const form = unlockForm(passphrase => this.tryToOpen(() => this.bridge.call('unlock', passphrase, chosenPerson() ?? undefined, deskRequest('GET', address(), {}))));
    document.getElementById('main-content')?.replaceChildren(
      element('h1', { class: 'govuk-heading-l' }, say('This device is locked')),
      element('p', { class: 'govuk-body' }, say('Everything on it is encrypted. It works without network.')), form,
      element('p', { class: 'govuk-body' }, element('a', { class: 'govuk-link', id: 'another-person', href: `/sign-in?other=1&next=${encodeURIComponent(`/today?${JOIN}=1`)}` },
        say('Somebody else works here too: sign in once with network'))));
    showPeople(people, who);
    document.getElementById('passphrase')?.focus();
    form.addEventListener('change', event => { if ((event.target as HTMLInputElement).name === 'who') void this.offerPasskey(form); });
    void this.offerPasskey(form);
  }

  private async tryToOpen(open: () => Promise<Unlocked>): Promise<string | null> {
    try {
      this.begun = this.unlocking = true;
      const { state, page } = await open();
      this.unlocking = false;
      markHeldWork();
      this.bridge.state = state;
      strip('restarted');
      await this.follow(page);
      return null;
    } catch (error) {
      return failureText(error);
    } finally {
      this.unlocking = false;
    }
  }

  /** A button for those whose device also opens with a passkey; the passphrase can be typed long before that is known. */
  private async offerPasskey(form: HTMLFormElement): Promise<void> {
    if (!passkeysPossible()) return;
    const who = chosenPerson() ?? undefined;
    const passkeys = await this.bridge.call('passkeys', who).catch(() => []);
    showPasskeyButton(form, passkeys.length ? () => this.tryToOpen(async () => {
      const { id, secret } = await secretOf(passkeys);
      return await this.bridge.call('unlockByPasskey', id, secret, who, deskRequest('GET', address(), {}));
    }) : null);
  }

  private notPrepared(): void {
    if (this.shown === 'unprepared') return;
    this.empty('unprepared');
    document.getElementById('main-content')?.replaceChildren(
      element('h1', { class: 'govuk-heading-l' }, say('This browser holds no work yet')),
      element('p', { class: 'govuk-body' }, say('Sign in once with network; the browser then prepares itself for offline use.')),
      element('p', { class: 'govuk-body' }, heldWork()
        ? say('This browser has cleared what it kept here, because space ran out or somebody cleared it. What showed two ticks is in the city record; what showed one tick only is lost: record it again and tell the centre.')
        : say('If you worked here before, the browser has cleared its storage. What showed two ticks is in the city record; what showed one tick only was here: record it again and tell the centre.')),
      element('a', { class: 'govuk-button', href: '/sign-in', role: 'button' }, say('Sign in')));
  }

  /** Takes everything from the page that belongs to a person. */
  private empty(next: 'unlock' | 'unprepared' | 'preparing'): void {
    this.shown = next;
    clearStrip();
    forgetPictures();
    document.title = say('Shouwen');
    document.body.replaceWith(this.skeleton.cloneNode(true));
    keepStrip();
  }
}

/** Lets the next start be faster; in a worker of its own, when the person has what they came for. */
async function makeSnapshot(): Promise<void> {
  if (document.visibilityState !== 'visible' || !await lacksSnapshot()) return;
  await navigator.locks.request(SNAPSHOT_MAKER, { ifAvailable: true }, async lock => {
    if (!lock) return;
    const worker = new Worker('/worker.js', { type: 'module', name: SNAPSHOT_MAKER });
    for (let waited = 0; waited < SNAPSHOT_MS_MAX && await lacksSnapshot(); waited += 1_000) await new Promise(resolve => setTimeout(resolve, 1_000));
    worker.terminate();
  });
}

/** Whether some worker may be running already: only one that runs holds the right to write. */
export async function mayWorkerRun(): Promise<boolean> {
  const { held = [], pending = [] } = await navigator.locks.query();
  return [...held, ...pending].some(lock => lock.name === WRITER);
}

/** The address without what only chooses the language. */
function address(): URL {
  const url = new URL(location.href);
  url.searchParams.delete('lang');
  return url;
}

function translated(body: HTMLBodyElement): HTMLBodyElement {
  for (const part of body.querySelectorAll<HTMLElement>('[data-say]')) part.textContent = say(part.dataset['say'] ?? '');
  return body;
}
