// Which addresses the device answers itself and which need the city's server.
const DESK = /^\/(?:$|(?:absence|approvals|today|register|cases|visits|enterprises|slips|sync)(?:\/|$))/;
const SERVER = /^\/(?:account|admin|api|assets|attachments|calendar|centre|devices|healthz|me|public|reports|sign-in|sign-out)(?:\/|$)/;
const EXPLAINED = /^\/(?:account|calendar|centre)(?:\/|$)/;
const EVENTS = '/sync/events';

/** Whether a page with this path is made on the device. */
export function isDeskPage(pathname: string): boolean {
  return DESK.test(pathname) && pathname !== EVENTS;
}

/** Whether the device, when the server is away, says itself that the page needs it: with its menu, where work goes on. */
export function isExplainedHere(pathname: string): boolean { return EXPLAINED.test(pathname); }

/** Whether only the city's server can make this page; every other unknown address is simply mistyped. */
export function isServerPage(pathname: string): boolean {
  return SERVER.test(pathname) || pathname === EVENTS;
}
