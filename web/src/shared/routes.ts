// Which addresses the device answers itself and which need the city's server.
const DESK = /^\/(?:$|(?:today|register|cases|sync)(?:\/|$))/;
const EVENTS = '/sync/events';

/** Whether a page with this path is made on the device. */
export function isDeskPage(pathname: string): boolean {
  return DESK.test(pathname) && pathname !== EVENTS;
}
