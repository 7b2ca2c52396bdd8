// Pages from the worker in place of pages from a server: what htmx fetches, and the first page of a visit.
import type { DeskRequest, DeskResponse, Fields } from '../shared/protocol.ts';
import type { Bridge } from './bridge.ts';
import { chosenLang } from './language.ts';

const REDIRECTS_MAX = 5;

export interface Page { response: DeskResponse; url: URL }

/** Asks the worker for a page and follows where it sends; the address is the one to show. */
export async function deskPage(bridge: Bridge, method: 'GET' | 'POST', url: URL, form: Fields = {}): Promise<Page> {
  return await followed(bridge, await bridge.call('respond', deskRequest(method, url, form)), url);
}

/** Goes where an answer sends, if it does. */
export async function followed(bridge: Bridge, first: DeskResponse, url: URL): Promise<Page> {
  let at = url;
  let response = first;
  for (let count = 0; response.status === 303 && response.location && count < REDIRECTS_MAX; count++) {
    at = new URL(response.location, at);
    response = await bridge.call('respond', deskRequest('GET', at, {}));
  }
  return { response, url: at };
}

/** The fields of a form as the desk takes them; files stay on the page (nothing takes them yet). */
export function fields(body: Iterable<[string, FormDataEntryValue]>): Fields {
  const values: Fields = {};
  for (const [name, value] of body) if (typeof value === 'string') (values[name] ??= []).push(value);
  return values;
}

/** What the worker is asked for this address, in the language chosen here. */
export function deskRequest(method: 'GET' | 'POST', url: URL, form: Fields): DeskRequest {
  const path = url.pathname === '/' ? '/today' : decodeURIComponent(url.pathname);
  return { method, path, query: fields(url.searchParams), form, lang: chosenLang() };
}
