// The address: `#/` is a new chat, `#/t/THREAD_ID` a thread, `#/t/THREAD_ID/MESSAGE_ID` a message of it.
import { computed, signal } from '@preact/signals';

export interface Place {
  thread: string | null; // null: a new chat
  message: string | null;
}

const kNewChat: Place = { thread: null, message: null };
const place = signal<Place>(parse_address(location.hash));

export const route = computed(() => place.value.thread);
export const linked_message = computed(() => place.value.message); // where a link leads in the thread

export function parse_address(hash: string): Place {
  const match = /^#\/t\/([^/?#]+)(?:\/([^/?#]+))?$/.exec(hash);
  if (!match?.[1]) return kNewChat;
  try {
    return { thread: decodeURIComponent(match[1]), message: match[2] ? decodeURIComponent(match[2]) : null };
  } catch {
    return kNewChat;
  }
}

export function href(thread: string | null, message: string | null = null): string {
  if (thread === null) return '#/';
  return `#/t/${encodeURIComponent(thread)}${message === null ? '' : `/${encodeURIComponent(message)}`}`;
}

export function go(thread: string | null): void {
  if (route.value !== thread) history.pushState(null, '', href(thread));
  place.value = { thread, message: null };
}

// Gives the entry in the history another address: a new chat that has become a thread.
export function replace_route(thread: string | null): void {
  history.replaceState(null, '', href(thread));
  place.value = { thread, message: null };
}

export function watch_address(): void {
  const update = () => (place.value = parse_address(location.hash));
  addEventListener('hashchange', update);
  addEventListener('popstate', update);
}
