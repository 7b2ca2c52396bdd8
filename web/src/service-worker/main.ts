// Answers for the files of its own build and hands desk pages to the shell. It is never in the path of data: forms,
// sync and everything that is not a page or a built file goes to the network untouched.
import { BUILD, CACHE, READY_CACHE, READY_MARK } from '../shared/build.ts';
import { dropOtherBuilds, fetchManifest, precache } from '../shared/precache.ts';
import { isDeskPage, isExplainedHere, isServerPage } from '../shared/routes.ts';
import type { HandoverAsk } from '../shared/protocol.ts';
import { translate } from '../shared/texts.ts';
import { Handover, type LeavingPage } from './handover.ts';

interface Extendable extends Event { waitUntil(work: Promise<unknown>): void }
interface Fetching extends Extendable { request: Request; respondWith(answer: Promise<Response>): void }
interface Scope extends EventTarget { skipWaiting(): Promise<void>; clients: { claim(): Promise<void>; matchAll(of: { type: 'window' }): Promise<LeavingPage[]> } }
const scope = self as unknown as Scope;

const handover = new Handover();
const BUILT = /^\/(?:assets\/.+|worker\.js|shell\.html)$/;

scope.addEventListener('install', event => (event as Extendable).waitUntil(install()));
scope.addEventListener('activate', event => (event as Extendable).waitUntil(activate()));
scope.addEventListener('message', event => {
  const { data, ports } = event as MessageEvent<'activate' | { handover: HandoverAsk }>;
  if (data === 'activate') void scope.skipWaiting();
  else handover.answer(data.handover, ports[0]);
});
scope.addEventListener('fetch', event => {
  const { request, respondWith } = event as Fetching;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  const left = request.mode === 'navigate' ? scope.clients.matchAll({ type: 'window' }).then(pages => handover.gather(pages)) : null;
  if (left) (event as Extendable).waitUntil(left); // a form that is sent to the server goes on its own way meanwhile
  if (request.method !== 'GET') return;
  if (left) respondWith.call(event, Promise.all([page(request, url), left]).then(([response]) => response));
  else if (BUILT.test(url.pathname)) respondWith.call(event, built(request, url));
});

/** Everything of this build, whole, before it may take over. */
async function install(): Promise<void> {
  const manifest = await fetchManifest();
  if (manifest.build !== BUILD) throw new Error('the server offers another build by now');
  await precache(manifest);
}

async function activate(): Promise<void> {
  await dropOtherBuilds(BUILD);
  await scope.clients.claim();
}

async function page(request: Request, url: URL): Promise<Response> {
  // The page's worker will want this place's databases: the browser opens their files while the page is being read.
  if (isDeskPage(url.pathname)) void indexedDB.databases().catch(() => {});
  const shell = await readyShell();
  if (shell && isDeskPage(url.pathname)) return shell;
  try {
    return await fetch(request);
  } catch {
    return shell && (isExplainedHere(url.pathname) || !isServerPage(url.pathname)) ? shell : needsNetwork();
  }
}

/** The shell, once this device has passed its self-test. */
async function readyShell(): Promise<Response | null> {
  if (!await (await caches.open(READY_CACHE)).match(READY_MARK)) return null;
  const shell = await (await caches.open(CACHE)).match('/shell.html');
  return shell ? withPolicy(shell) : null;
}

async function built(request: Request, url: URL): Promise<Response> {
  return await (await caches.open(CACHE)).match(url.pathname) ?? await fetch(request);
}

const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; "
  + "img-src 'self' data: blob:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/** Cached pages carry no headers of the server, so the policy is given again. */
function withPolicy(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set('content-security-policy', POLICY);
  headers.set('x-content-type-options', 'nosniff');
  headers.set('referrer-policy', 'same-origin');
  return new Response(response.body, { status: response.status, headers });
}

/** A page that only the city's server can make was asked for without network. */
function needsNetwork(): Response {
  const part = (lang: 'zh-CN' | 'en'): string => `<section lang="${lang}"><h1 class="govuk-heading-l">${translate(lang, 'This needs the network')}</h1>`
    + `<p class="govuk-body">${translate(lang, 'The page is made by the city’s server, which cannot be reached now. Your own work goes on offline.')}</p>`
    + `<p><a class="govuk-button" role="button" href="/today">${translate(lang, 'Go to Today')}</a></p></section>`;
  const html = `<!DOCTYPE html><html lang="zh-CN" class="govuk-template"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">`
    + `<title>${translate('zh-CN', 'This needs the network')} – ${translate('zh-CN', 'Shouwen')}</title><link rel="stylesheet" href="/assets/app.css"></head>`
    + `<body class="govuk-template__body"><header class="sw-bar"><div class="sw-bar__top"><div class="govuk-width-container"><div class="sw-bar__row"><a class="sw-brand" href="/today">${translate('zh-CN', 'Shouwen')}</a></div></div></div></header>`
    + `<div class="govuk-width-container"><main class="sw-main" id="main-content">${part('zh-CN')}${part('en')}</main></div></body></html>`;
  return withPolicy(new Response(html, { status: 503, headers: { 'content-type': 'text/html; charset=utf-8' } }));
}
