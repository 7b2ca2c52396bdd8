// Lets htmx take its pages from the worker, and keeps history, focus and scroll as a browser would.
import htmx from 'htmx.org/dist/htmx.esm.js';
import { isDeskPage } from '../shared/routes.ts';
import type { Bridge } from './bridge.ts';
import { carryButton } from './carrying.ts';
import { deskPage, fields } from './desk.ts';
import { failureDetail, failureText } from './failures.ts';
import { element } from './dom.ts';
import { say } from './language.ts';
import { insist, strip } from './strip.ts';

interface RequestContext {
  request: { action: string; method: string; body?: FormData | URLSearchParams | null; anchor?: string; headers?: Record<string, string> };
  fetch?: (action: string, request: RequestContext['request']) => Promise<Response>;
  response?: { raw: Response; status: number };
  sourceElement: Element;
}
type RequestEvent = CustomEvent<{ ctx: RequestContext }>;

/** Hears when a page was shown; `posted` when a form of the page before was taken, `refused` when it could not be. */
export type Shown = (page: { posted: boolean; refused: boolean; status: number }) => void;

/** htmx reads these when it meets the page. */
export function configure(): void {
  Object.assign(htmx.config, { morphIgnore: ['data-htmx-powered', 'open'], includeIndicatorCSS: false, defaultTimeout: 0, noSwap: [204, 304, 507] });
  document.addEventListener('htmx:before:process', event => {
    const shown = event.target as Element;
    if (shown === given || shown.matches('[data-typed-part]')) return;
    event.preventDefault();
    for (const part of shown.querySelectorAll('[data-typed-part]')) give(part);
  });
  for (const [kind, what] of [['click', 'a[href]'], ['submit', 'form']] as const) {
    document.addEventListener(kind, event => {
      const used = (event.target as Element | null)?.closest(what);
      if (used) give(used);
    }, true);
  }
}

/** Gives an element to htmx. Links and forms get there at the moment that they are used: to dress the hundreds of a list,
 *  and to undress them when it goes, took as long as to make it. */
function give(part: Element): void {
  given = part;
  try { htmx.process(part); } finally { given = null; }
}
let given: Element | null = null;

/** From here on every boosted link and form is answered by the worker. */
export function answerFromWorker(bridge: Bridge, shown: Shown): void {
  document.addEventListener('htmx:before:request', event => {
    const { ctx } = (event as RequestEvent).detail;
    const url = new URL(ctx.request.action, location.href);
    if (!isDeskPage(url.pathname)) {
      event.preventDefault();
      location.assign(url);
      return;
    }
    ctx.fetch = async (_, asked) => isPart(ctx) ? await partFromWorker(bridge, url, asked) : await fromWorker(bridge, url, asked);
  });
  document.addEventListener('htmx:after:swap', event => {
    const { ctx } = (event as RequestEvent).detail;
    if (!ctx.response || isPart(ctx)) return; // a refresh of the same page, or a part of it
    const posted = ctx.request.method === 'POST';
    startAtTop(event);
    if (ctx.request.headers?.['HX-History-Restore-Request'] !== 'true') settle(ctx.sourceElement);
    tellShown();
    const refused = posted && ctx.response.status >= 400;
    shown({ posted: posted && !refused, refused, status: ctx.response.status });
  });
  document.addEventListener('htmx:error', event => {
    const { error, ctx } = (event as CustomEvent<{ error?: unknown; ctx?: RequestContext }>).detail;
    if (ctx && isPart(ctx)) return; // the form works without what stands beside it
    strip('problem', element('strong', {}, failureText(error)), failureDetail(error));
    insist('problem');
  });
}

/** Tells what dresses pages (lists of files, pads) that one was just shown. */
export function tellShown(): void {
  requestAnimationFrame(showPlace); // with the next picture, because to look now would lay the page out twice
  document.dispatchEvent(new Event('shouwen:shown'));
}

/** Where the menu is wider than the screen, pushes it so that the page's own entry is seen. */
function showPlace(): void {
  const current = document.querySelector('.sw-nav__link[aria-current]')?.getBoundingClientRect();
  const list = document.querySelector('.sw-nav__list');
  if (!current || !list) return;
  const { left, right } = list.getBoundingClientRect();
  if (current.right > right) list.scrollLeft += current.right - right;
  if (current.left < left) list.scrollLeft -= left - current.left;
}

/** Whether a swap changed the page itself. */
export function isPageSwap(event: Event): boolean { return !isPart((event as RequestEvent).detail.ctx); }

/** Whether this asks for something beside the form that is being typed, not for a page. */
function isPart(ctx: RequestContext): boolean { return ctx.sourceElement.hasAttribute('data-typed-part'); }

async function partFromWorker(bridge: Bridge, url: URL, asked: RequestContext['request']): Promise<Response> {
  const { response } = await deskPage(bridge, 'POST', url, asked.body ? fields(asked.body) : {});
  return new Response(response.status === 200 ? response.html : '', { headers: { 'content-type': 'text/html' } });
}

async function fromWorker(bridge: Bridge, url: URL, asked: RequestContext['request']): Promise<Response> {
  const method = asked.method === 'POST' ? 'POST' : 'GET';
  strip('problem');
  const page = await deskPage(bridge, method, url, method === 'POST' && asked.body ? fields(asked.body) : {});
  const { status, html, problem } = page.response;
  // A full disk must not cost what was typed: the form stays where it is, the reason stands above it.
  if (problem) { strip('problem', reasonOf(html)); insist('problem'); }
  const address = page.url.pathname + page.url.search + (asked.anchor ? `#${asked.anchor}` : '');
  const same = address === location.pathname + location.search;
  const headers = new Headers({ 'content-type': 'text/html' });
  // Going back and forth is the browser's own: touching the history then would lose the place on the page.
  const restoring = asked.headers?.['HX-History-Restore-Request'] === 'true';
  if (!restoring) headers.set(same || status >= 400 && method === 'POST' ? 'HX-Replace-Url' : 'HX-Push-Url', address);
  const response = new Response(html, { status, headers });
  Object.defineProperty(response, 'url', { value: page.url.href });
  return response;
}

/** What happened and why, in the desk's words; what to do is different here, because the form is still there. */
function reasonOf(html: string): HTMLElement {
  const main = new DOMParser().parseFromString(html, 'text/html').querySelector('main');
  const texts = [main?.querySelector('h1'), main?.querySelector('h1 ~ p')].map(part => part?.textContent ?? '');
  return element('div', { role: 'alert' }, element('strong', {}, texts[0] ?? ''), ' ', texts[1] ?? '', ' ',
    say('Free space (downloads, recycle bin) and send the form again: what you typed is still in it.'), ' ', carryButton());
}

/** A new page is read from its top; with the next picture, because to scroll now would lay the page out twice. */
export function startAtTop(event: Event): void {
  const { request } = (event as RequestEvent).detail.ctx;
  if (request.anchor || request.headers?.['HX-History-Restore-Request'] === 'true') return;
  requestAnimationFrame(() => { if (!document.querySelector('.govuk-error-summary')) scrollTo(0, 0); });
}

/** Brings the list of errors to the eyes and to the screen reader, on pages of the server as on the device's own. */
export function showErrors(): void {
  const errors = document.querySelector<HTMLElement>('.govuk-error-summary');
  if (!errors) return;
  errors.tabIndex = -1;
  errors.focus({ preventScroll: true });
  errors.scrollIntoView({ block: 'start' });
}

/** Where reading goes on: at the list of errors, or at the start of the new page. */
function settle(source: Element): void {
  if (document.querySelector('.govuk-error-summary')) { showErrors(); return; }
  const first = document.querySelector<HTMLElement>('#main-content [autofocus]');
  if (first) { first.focus(); return; }
  if (source.isConnected && source.matches('form') && document.activeElement?.closest('#main-content')) return;
  const before = document.activeElement;
  requestAnimationFrame(() => { // with the next picture, because to focus now would lay the page out twice
    if (document.activeElement === before || document.activeElement === document.body) focusMain();
  });
}

function focusMain(): void {
  const main = document.getElementById('main-content');
  if (!main) return;
  main.tabIndex = -1;
  main.focus({ preventScroll: true });
}

/** Shows a page's HTML in place of the one that is shown. */
export async function show(html: string): Promise<void> {
  await htmx.swap({ text: html, target: document.body, swap: 'outerMorph', sourceElement: document.body });
  tellShown();
}

/** Makes a link that is shown say what a fresh one says. It stays the same element: one that is being clicked goes on to
 *  be clicked, and keeps the focus. */
export function renew(link: Element, fresh: Element): void {
  for (const { name, value } of [...fresh.attributes]) if (link.getAttribute(name) !== value) link.setAttribute(name, value);
  if (!link.isEqualNode(fresh)) link.replaceChildren(...fresh.childNodes);
}

/** Marks the entry of this page, so that going back to it is taken from the worker as well. */
export function markHistory(url: URL): void {
  history.replaceState({ htmx: true }, '', url.pathname + url.search + url.hash);
}

/** Says that a page could not be shown at all. */
export function failedPage(error: unknown): void {
  document.getElementById('main-content')?.replaceChildren(
    element('h1', { class: 'govuk-heading-l' }, say('This page could not be shown')),
    element('p', { class: 'govuk-body' }, failureText(error)), reloadButton(), failureDetail(error));
}

/** An installed app has no button of a browser for it. */
function reloadButton(): HTMLElement {
  const button = element('button', { type: 'button', class: 'govuk-button', id: 'reload' }, say('Reload this page'));
  button.addEventListener('click', () => location.reload());
  return button;
}
