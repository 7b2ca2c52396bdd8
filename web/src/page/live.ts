// Keeps the page that is shown true: when sync brings something or time passes, the page is made again and morphed,
// but never under somebody's hands.
import type { Bridge } from './bridge.ts';
import { deskPage } from './desk.ts';
import { element } from './dom.ts';
import type { Drafts } from './drafts.ts';
import { say } from './language.ts';
import { renew, show } from './navigation.ts';
import { strip } from './strip.ts';

const MINUTE_MS = 60_000;
const GATHER_MS = 150;

export class Live {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isRefusal = false; // what is shown is the answer to a form that could not be taken, not the page of its address

  constructor(private readonly bridge: Bridge, private readonly drafts: Drafts) {
    for (const kind of ['state', 'content']) bridge.addEventListener(kind, () => this.soon());
    document.addEventListener('shouwen:closed', () => this.soon());
    setInterval(() => { if (document.visibilityState === 'visible') this.soon(); }, MINUTE_MS);
  }

  /** After another page was shown: what was new before is in it. */
  pageShown(isRefusal: boolean): void {
    this.isRefusal = isRefusal;
    strip('news');
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { void this.refresh().catch(() => {}); }, GATHER_MS);
  }

  private async refresh(): Promise<void> {
    if (this.bridge.state?.door !== 'open' || document.querySelector('.htmx-request, dialog[open]')) return;
    const asked = location.href;
    const { response } = await deskPage(this.bridge, 'GET', new URL(asked));
    if (location.href !== asked) return;
    const fresh = new DOMParser().parseFromString(response.html, 'text/html');
    const main = document.getElementById('main-content');
    // What says why something cannot be shown or done stays until somebody leaves it; only light and menu go on.
    const changed = response.status === 200 && main !== null && !this.isRefusal && words(main) !== words(fresh.getElementById('main-content'));
    if (changed && !this.drafts.isDirty && !main.contains(writing())) {
      strip('news');
      await show(response.html);
      return;
    }
    const [light, menu] = ['#sync-light', '.sw-nav'].map(part => [document.querySelector(part), fresh.querySelector(part)]);
    if (light?.[0] && light[1]) renew(light[0], light[1]);
    if (menu?.[0] && menu[1]) renewMenu(menu[0], menu[1]);
    if (changed && !this.drafts.isDirty) return;
    if (changed) this.offer();
  }

  /** There is something new, but a form is being filled: the person decides when to look. */
  private offer(): void {
    const link = element('a', { href: location.href, class: 'govuk-link' }, say('There is something new. Show it'));
    link.addEventListener('click', event => { event.preventDefault(); void this.drafts.save().then(() => location.reload()); });
    strip('news', link);
  }
}

/** The menu's entries one by one; only where there are others than before, all of it anew. */
function renewMenu(now: Element, then: Element): void {
  const [links, fresh] = [[...now.querySelectorAll('a')], [...then.querySelectorAll('a')]];
  const same = links.length === fresh.length && links.every((link, index) => link.getAttribute('href') === fresh[index]?.getAttribute('href'));
  if (!same) now.replaceChildren(...then.childNodes);
  else links.forEach((link, index) => { renew(link, fresh[index]!); });
}

/** The words of a page without what only this browser knows: what stands beside a form being typed, its settings. */
function words(part: Element | null): string {
  const page = part?.cloneNode(true) as Element | undefined;
  for (const own of page?.querySelectorAll('[data-typed-part], [data-own]') ?? []) own.remove();
  return page?.textContent?.replace(/\s+/g, ' ') ?? '';
}

function writing(): Element | null {
  const active = document.activeElement;
  return active?.matches('input:not([type=submit]), textarea, select') ? active : null;
}
