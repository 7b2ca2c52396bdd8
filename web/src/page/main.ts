// What every page loads. On a page that the server made it prepares the browser for offline work; in the shell it is
// the local app.
import { isDeskPage } from '../shared/routes.ts';
import { accountPasskeys } from './account_passkeys.ts';
import { Bridge } from './bridge.ts';
import { Files } from './files.ts';
import { handOverWhenLeft } from './handover.ts';
import { listenToKeys } from './keyboard.ts';
import { serverKeeper } from './keepers.ts';
import { rememberLang } from './language.ts';
import { configure, failedPage, isPageSwap, showErrors, startAtTop, tellShown } from './navigation.ts';
import { isReady, prepare } from './preparing.ts';
import { quietForms } from './quiet_forms.ts';
import { mayWorkerRun, startShell } from './shell.ts';
import { Signing } from './signing.ts';
import { keepStrip } from './strip.ts';
import { reportSurroundings } from './surroundings.ts';

document.addEventListener('click', event => {
  if ((event.target as Element | null)?.closest('[data-action="print"]')) window.print();
});

// A form whose printing was recorded a moment ago goes to the printer by itself, once.
document.addEventListener('shouwen:shown', () => {
  const asked = document.querySelector('[data-print-now]');
  asked?.removeAttribute('data-print-now');
  if (asked) window.print();
});

listenToKeys();

if (document.documentElement.hasAttribute('data-shell')) {
  const bridge = new Bridge();
  startShell(bridge).catch(failedPage);
  // For benches and for people who look into the console.
  Object.assign(window, { shouwenTimings: () => bridge.call('timings') });
} else {
  void serverPage();
}

async function serverPage(): Promise<void> {
  configure();
  rememberLang(document.documentElement.lang);
  new Files(serverKeeper());
  new Signing();
  accountPasskeys();
  quietForms();
  tellShown();
  // Once the device is ready its own pages take over: a boosted link would stay on the server's.
  document.addEventListener('htmx:before:request', event => {
    const { request } = (event as CustomEvent<{ ctx: { request: { action: string; method: string } } }>).detail.ctx;
    const url = new URL(request.action, location.href);
    if (ready && request.method === 'GET' && isDeskPage(url.pathname)) {
      event.preventDefault();
      location.assign(url);
    }
  });
  document.addEventListener('htmx:after:swap', event => {
    if (!isPageSwap(event)) return;
    keepStrip();
    startAtTop(event);
    showErrors();
    tellShown();
  });
  let ready = await isReady();
  if (ready) await stayConnected();
  if (ready || !await mayWorkOffline()) return;
  await prepare(() => new Bridge());
  ready = await isReady();
}

/** Whoever works at the centre keeps their device open meanwhile: without any page its worker would end. */
async function stayConnected(): Promise<void> {
  if (!await mayWorkerRun()) return;
  const bridge = new Bridge();
  handOverWhenLeft(bridge);
  bridge.state = await bridge.call('state');
  reportSurroundings(bridge);
}

async function mayWorkOffline(): Promise<boolean> {
  if (!document.querySelector('form[action="/sign-out"]')) return false;
  const response = await fetch('/me', { credentials: 'same-origin', cache: 'no-store' });
  return response.ok && (await response.json() as { may_work_offline: boolean }).may_work_offline;
}
