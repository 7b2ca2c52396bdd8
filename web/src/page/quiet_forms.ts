// Browsers keep the body of the last page that was posted, readable on the disk, to offer the tab again. So forms that
// are answered with a page when something in them is wrong (signing in, the administrator's) are sent by script: what
// was typed is in no history. Without script they go as they always did.
import { Refusal } from '../shared/protocol.ts';
import { accountPasskeys } from './account_passkeys.ts';
import { element } from './dom.ts';
import { failureText } from './failures.ts';
import { showErrors, tellShown } from './navigation.ts';
import { insist, keepStrip, strip } from './strip.ts';

/** Takes over the forms of the page that are marked for it. */
export function quietForms(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-quiet]')) {
    form.addEventListener('submit', event => {
      if (event.defaultPrevented) return;
      event.preventDefault();
      void send(form, event.submitter);
    });
  }
}

async function send(form: HTMLFormElement, by: HTMLElement | null): Promise<void> {
  const body = new URLSearchParams(new FormData(form, by) as unknown as Record<string, string>);
  const button = by instanceof HTMLButtonElement ? by : null;
  if (button) button.disabled = true;
  strip('problem');
  try {
    const answer = await fetch(form.getAttribute('action')!, { method: 'POST', body, credentials: 'same-origin', cache: 'no-store' });
    if (answer.redirected) location.assign(answer.url);
    else show(new DOMParser().parseFromString(await answer.text(), 'text/html'));
  } catch { // nothing of it may go by the browser itself: what was typed stays in the form and is sent again from there
    if (button) button.disabled = false;
    strip('problem', element('strong', {}, failureText(new Refusal('no_record'))));
    insist('problem');
  }
}

function show(page: Document): void {
  document.title = page.title;
  document.body.replaceWith(document.adoptNode(page.body));
  quietForms();
  accountPasskeys();
  keepStrip();
  scrollTo(0, 0);
  document.querySelector<HTMLElement>('#main-content [autofocus]')?.focus();
  showErrors();
  tellShown();
}
