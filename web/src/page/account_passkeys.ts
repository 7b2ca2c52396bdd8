// Passkeys of the account: the forms of the sign-in and account pages are sent once an authenticator has answered. What
// it is asked comes from the city record, which also judges the answer. (A device's own passkeys: passkeys.ts.)

/** Shows the passkey forms of a page where the browser has passkeys, and lets them ask before they are sent. */
export function accountPasskeys(): void {
  if (typeof PublicKeyCredential !== 'function' || typeof PublicKeyCredential.parseCreationOptionsFromJSON !== 'function') return;
  offer('passkey-sign-in', async () => {
    const options = await read(await fetch('/sign-in/passkey', { credentials: 'same-origin', cache: 'no-store' }));
    return await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  });
  offer('new-passkey', async form => {
    const body = new URLSearchParams(new FormData(form) as unknown as Record<string, string>);
    const options = await read(await fetch('/account/passkey', { method: 'POST', body, credentials: 'same-origin', cache: 'no-store' }));
    return await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  });
}

/** Why the record offers nothing, in its words. */
class Refused extends Error {}

function offer(id: string, ask: (form: HTMLFormElement) => Promise<Credential | null>): void {
  const form = document.getElementById(id);
  if (!(form instanceof HTMLFormElement)) return;
  form.hidden = false;
  form.addEventListener('submit', event => {
    event.preventDefault();
    void answer(form, ask);
  });
}

async function answer(form: HTMLFormElement, ask: (form: HTMLFormElement) => Promise<Credential | null>): Promise<void> {
  const told = form.querySelector<HTMLElement>('[data-passkey-error]')!;
  const button = form.querySelector('button')!;
  told.textContent = '';
  button.disabled = true;
  try {
    const credential = await ask(form);
    if (!(credential instanceof PublicKeyCredential)) throw new TypeError('no passkey');
    form.querySelector<HTMLInputElement>('input[name=passkey]')!.value = JSON.stringify(credential.toJSON());
    for (const secret of form.querySelectorAll<HTMLInputElement>('input[name=password], input[name=code]')) secret.disabled = true; // asked for already
    form.submit();
  } catch (error) {
    told.textContent = error instanceof Refused ? error.message : told.dataset['passkeyError']!; // turned away, timed out, no network
  } finally {
    button.disabled = false;
  }
}

async function read(response: Response): Promise<PublicKeyCredentialCreationOptionsJSON & PublicKeyCredentialRequestOptionsJSON> {
  if (response.status === 422) throw new Refused(await response.text());
  if (!response.ok) throw new TypeError(String(response.status));
  return await response.json() as PublicKeyCredentialCreationOptionsJSON & PublicKeyCredentialRequestOptionsJSON;
}
