// The list of chats: newest first, a page at a time, searched by the server, renamed and deleted here.
import { computed, effect, signal } from '@preact/signals';
import { api, ApiError, type Thread } from '@parley/shared/api';
import { announce } from '@parley/shared/state/announce';
import { connection_lost, guarded, on_restored } from '@parley/shared/state/connection';
import { go, route } from './route';
import { hide_toast, show_toast } from './ui';

const kPage = 50;
const kSearchDelay = 200; // ms without a keystroke before the server is asked
const kUndo = 7000; // ms in which a deletion can be taken back

export const threads = signal<Thread[]>([]);
export const more_threads = signal(false);
export const threads_state = signal<'loading' | 'ready' | 'failed'>('loading');
export const query = signal('');
export const searching = signal(false);
const found = signal<Thread[] | null>(null); // null: not searching
const deleted = signal<ReadonlySet<string>>(new Set()); // hidden; the server is told when the undo has passed

export const shown_threads = computed(() =>
  (found.value ?? threads.value).filter((thread) => !deleted.value.has(thread.id)),
);

export async function load_threads(): Promise<void> {
  try {
    const page = await guarded(() => api.threads({ limit: kPage }));
    if (!page) return;
    threads.value = page.threads;
    more_threads.value = page.more;
    threads_state.value = 'ready';
  } catch {
    threads_state.value = 'failed';
  }
}

export async function load_more_threads(): Promise<void> {
  const last = threads.value[threads.value.length - 1];
  if (!last || !more_threads.value) return;
  more_threads.value = false; // one request at a time
  try {
    const page = await guarded(() => api.threads({ limit: kPage, before: last.id }));
    if (!page) return void (more_threads.value = true);
    const known = new Set(threads.value.map((thread) => thread.id));
    threads.value = [...threads.value, ...page.threads.filter((thread) => !known.has(thread.id))];
    more_threads.value = page.more;
  } catch {
    more_threads.value = true;
  }
}

// Puts a thread that is new or has changed in its place.
export function note_thread(thread: Thread): void {
  const others = threads.value.filter((other) => other.id !== thread.id);
  const at = others.findIndex((other) => other.updated_at <= thread.updated_at);
  others.splice(at < 0 ? others.length : at, 0, thread);
  threads.value = others;
  if (found.value) found.value = found.value.map((other) => (other.id === thread.id ? thread : other));
}

// A thread that is gone, as the server says.
export function forget_thread(id: string): void {
  threads.value = threads.value.filter((other) => other.id !== id);
  if (found.value) found.value = found.value.filter((other) => other.id !== id);
}

export async function rename_thread(thread: Thread, title: string): Promise<void> {
  const renamed = title.replace(/\s+/g, ' ').trim();
  if (renamed === '' || renamed === thread.title) return;
  note_thread({ ...thread, title: renamed });
  try {
    note_thread(await api.change_thread(thread.id, { title: renamed }));
    announce(`Renamed to ${renamed}`);
  } catch (error) {
    note_thread(thread);
    if (error instanceof ApiError) show_toast(error.problem.detail ?? 'The chat could not be renamed.');
    else {
      connection_lost();
      show_toast('Not renamed: there is no connection.');
    }
  }
}

// --- Deleting, with an undo instead of a question ---

interface Deletion {
  timer: ReturnType<typeof setTimeout>;
  toast: number;
}
const deletions = new Map<string, Deletion>();

export function delete_thread(thread: Thread): void {
  if (deletions.has(thread.id)) return;
  const was_open = route.value === thread.id;
  deleted.value = new Set([...deleted.value, thread.id]);
  if (was_open) go(null);
  const undo = () => {
    const deletion = deletions.get(thread.id);
    if (!deletion) return;
    clearTimeout(deletion.timer);
    deletions.delete(thread.id);
    unhide(thread.id);
    hide_toast(deletion.toast);
    announce('Chat restored');
    if (was_open) go(thread.id);
  };
  const name = thread.title || 'Chat';
  const toast = show_toast(`“${name}” deleted`, { action: { label: 'Undo', run: undo }, lasts_ms: kUndo });
  deletions.set(thread.id, { toast, timer: setTimeout(() => void finish(thread), kUndo) });
  announce(`${name} deleted. Undo is available.`);
}

async function finish(thread: Thread): Promise<void> {
  deletions.delete(thread.id);
  try {
    await api.delete_thread(thread.id);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 404)) {
      unhide(thread.id);
      show_toast('The chat could not be deleted, so it is back in the list.');
      if (!(error instanceof ApiError)) connection_lost();
      return;
    }
  }
  forget_thread(thread.id);
  unhide(thread.id);
}

function unhide(id: string): void {
  const hidden = new Set(deleted.value);
  hidden.delete(id);
  deleted.value = hidden;
}

// --- Search ---

function watch_query(): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let request: AbortController | undefined;
  effect(() => {
    const words = query.value.trim();
    clearTimeout(timer);
    request?.abort();
    if (words === '') {
      found.value = null;
      searching.value = false;
      return;
    }
    searching.value = true;
    timer = setTimeout(async () => {
      const own = (request = new AbortController());
      try {
        const page = await guarded(() => api.threads({ q: words, limit: kPage }, own.signal));
        if (own.signal.aborted || !page) return;
        found.value = page.threads;
        const count = page.threads.length;
        announce(count === 0 ? 'No chats found' : count === 1 ? '1 chat found' : `${count} chats found`);
      } catch {
        if (!own.signal.aborted) found.value = [];
      } finally {
        if (!own.signal.aborted) searching.value = false;
      }
    }, kSearchDelay);
  });
}

export function watch_threads(): void {
  watch_query();
  on_restored(load_threads);
  // Another window may have changed the list.
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) void load_threads();
  });
  // A deletion still waiting for its undo is carried out when the page goes away.
  addEventListener('pagehide', () => {
    for (const [id, deletion] of deletions) {
      clearTimeout(deletion.timer);
      void api.delete_thread(id, true).catch(() => {});
    }
    deletions.clear();
  });
}
