// Says what went wrong with the worker's words: what happened and what to do next.
import { Refusal } from '../shared/protocol.ts';
import { element } from './dom.ts';
import { say } from './language.ts';

/** Something typed that cannot be used; the message is a sentence for people already. */
export class Unfit extends Error {}

const UNEXPLAINED: ReadonlySet<string> = new Set(['fault', 'storage_closed']);

/** A sentence for people. */
export function failureText(error: unknown): string {
  if (error instanceof Unfit) return error.message;
  if (!(error instanceof Refusal)) {
    return say('Something did not work. Reload the page and try again.');
  }
  switch (error.code) {
    case 'wrong_passphrase':
      return error.detail
        ? say('This is not the passphrase of this device. Wait {seconds} seconds before the next attempt.', { seconds: error.detail })
        : say('This is not the passphrase of this device. Check upper and lower case and try again.');
    case 'slow_down': return say('Too many wrong attempts. Wait {seconds} seconds, then try again.', { seconds: error.detail });
    case 'wrong_passkey': return say('This passkey does not open this device. Use the passphrase.');
    case 'no_passkey': return say('No passkey came: it was turned away, waited too long, or cannot be used for this. The passphrase goes on opening the device.');
    case 'other_person': return say('Somebody else is signed in on this browser. Sign in yourself, then go on here.');
    case 'still_waiting': return say('Some acts have not been told to the city record yet. Wait until nothing waits, then try again.');
    case 'weak_passphrase': return say('Too easy to guess: take more, for example four words that do not belong together.');
    case 'signed_out': return say('You are signed out. Sign in again, then go on here.');
    case 'sign_in_again': return say('Your sign-in is too long ago for this. Sign in again, then go on here.');
    case 'already_here': return say('You work on this device already. Choose your name and unlock it.');
    case 'no_record': return say('The city record cannot be reached. Check the network; everything done so far is kept.');
    case 'storage_full': return say('The disk of this device is full. Free space (downloads, recycle bin) and try again.');
    case 'storage_closed': return say('What is kept on this device could not be opened; nothing in it was changed. Another program, such as a virus scanner, may hold it: wait a moment and reload this page. If it stays, restart the computer. Do not clear the data of this browser: what shows one tick is only here.');
    case 'refused_enrolment': return say('The city record did not take this device ({detail}). Sign in again; if it stays, ask the administrator.', { detail: error.detail });
    case 'self_test': return say('The self-test failed at: {part}. Reload the page to prepare again; until then work online.', { part: error.detail });
    case 'file_type': return say('“{name}” is neither a photograph nor a PDF, so it cannot be kept.', { name: error.detail });
    case 'file_broken': return say('“{name}” cannot be read as a photograph. Take it anew, or save it as JPEG.', { name: error.detail });
    case 'file_too_large': return say('This file is too large: at most {size} MB.', { size: error.detail });
    case 'files_full': return say('This device already keeps {size} MB of photographs that wait for the record. Connect it so that they are sent, then go on.', { size: error.detail });
    case 'no_content': return say('The city record does not have this photograph or paper yet. Ask the colleague who took it to connect that device.');
    case 'upload_quota': return say('The city record takes no more photographs from you today. Prepare this browser for offline work: then they wait here until tomorrow.');
    case 'content_broken': return say('This photograph or paper is damaged here. Connect and open it again.');
    case 'locked': return say('This device is locked. Unlock it with your passphrase.');
    case 'not_enrolled': return say('This device is not prepared for offline work yet. Sign in once with network.');
    case 'fault': return say('The offline part met a fault and could not do this. Reload the page and try again; what shows one tick is safe.');
  }
}

/** Where a person can do something about it at once; nothing where the sentence says all. */
export function failureHelp(error: unknown): HTMLElement | '' {
  return error instanceof Refusal && error.code === 'sign_in_again' ? signInAgain() : '';
}

/** A link to signing in once more, and back to this page. */
export function signInAgain(): HTMLElement {
  const next = encodeURIComponent(location.pathname + location.search);
  return element('a', { id: 'sign-in-again', class: 'govuk-link', href: `/sign-in?again=1&next=${next}` }, say('Sign in again'));
}

/** The program's own name of a fault, folded away for whoever is asked to help; nothing where the sentence says all. */
export function failureDetail(error: unknown): HTMLElement | '' {
  if (error instanceof Unfit || error instanceof Refusal && !UNEXPLAINED.has(error.code)) return '';
  return technical(error instanceof Refusal ? error.detail : error instanceof Error ? error.name : typeof error);
}

/** A word of the program, folded away. */
export function technical(detail: string): HTMLElement | '' {
  return detail && element('details', { class: 'sw-technical' }, element('summary', {}, say('For the help desk')), element('code', { translate: 'no' }, detail));
}
