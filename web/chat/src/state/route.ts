// The address: `#/` is a new chat, `#/t/THREAD_ID` a thread.
import { signal } from '@preact/signals';

export const route = signal<string | null>(parse_route(location.hash)); // the thread's id; null: a new chat

export function parse_route(hash: string): string | null {
  const match = /^#\/t\/([^/?#]+)$/.exec(hash);
  if (!match?.[1]) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return null;
  }
}

export function href(thread: string | null): string {
  return thread === null ? '#/' : `#/t/${encodeURIComponent(thread)}`;
}

export function go(thread: string | null): void {
  if (route.value !== thread) history.pushState(null, '', href(thread));
  route.value = thread;
}

// Gives the entry in the history another address: a new chat that has become a thread.
export function replace_route(thread: string | null): void {
  history.replaceState(null, '', href(thread));
  route.value = thread;
}

export function watch_address(): void {
  const update = () => (route.value = parse_route(location.hash));
  addEventListener('hashchange', update);
  addEventListener('popstate', update);
}
