// What was typed but not sent, one draft per thread, kept across reloads.
import { effect, signal, type Signal } from '@preact/signals';
import { load, save } from '@parley/shared/storage';

const drafts = new Map<string, Signal<string>>();

// `thread` null: the draft of a new chat.
export function draft_of(thread: string | null): Signal<string> {
  const key = 'draft.' + (thread ?? 'new');
  let draft = drafts.get(key);
  if (!draft) {
    const made = signal(load(key) ?? '');
    effect(() => save(key, made.value));
    drafts.set(key, (draft = made));
  }
  return draft;
}
