// The conversations of this page. Those once opened are kept, so that a reply goes on while the reader looks at another
// thread.
import { computed, signal } from '@preact/signals';
import { api, ApiError, text_of, type Message, type Thread } from '@parley/shared/api';
import { explain, type Notice } from '@parley/shared/errors';
import { assistant_name } from '@parley/shared/state/config';
import { connection_lost, on_restored } from '@parley/shared/state/connection';
import { Conversation } from '@parley/shared/state/conversation';
import { linked_message, route } from './route';
import { forget_thread, note_thread, threads } from './threads';
import { show_toast } from './ui';

// The question being edited in its place, and its text so far.
export const editing = signal<{ id: string; text: string } | null>(null);

const opened = new Map<string, Conversation>();
const fresh = signal(new Conversation(null));
const opened_count = signal(0);

export const current = computed<Conversation>(() => {
  void opened_count.value;
  const id = route.value;
  return id === null ? fresh.value : (opened.get(id) ?? fresh.value);
});

// The list knows of a new name first.
export const current_title = computed(() => {
  const { id, thread } = current.value;
  return threads.value.find((other) => other.id === id)?.title ?? thread.value?.title ?? '';
});

export function conversation_of(id: string): Conversation | undefined {
  return opened.get(id);
}

// The new chat has become a thread; the next new chat is another one.
export function adopt(conversation: Conversation, thread: Thread): void {
  conversation.id = thread.id;
  conversation.thread.value = thread;
  conversation.state.value = 'ready';
  opened.set(thread.id, conversation);
  fresh.value = new Conversation(null);
  opened_count.value++;
}

// Makes the thread's conversation, and fetches it if it is not here yet.
export function open_thread(id: string): void {
  let conversation = opened.get(id);
  if (!conversation) {
    conversation = new Conversation(id);
    opened.set(id, conversation);
    opened_count.value++;
    void refresh(conversation);
  } else if (conversation.turn.value === null) {
    follow_link(conversation);
    void refresh(conversation); // it may have been continued in another window
  }
}

// Puts the branch on screen that holds the message which the address names.
function follow_link(conversation: Conversation): void {
  const linked = route.value === conversation.id ? linked_message.value : null;
  if (linked === null || conversation.state.value !== 'ready') return;
  if (!conversation.tree.value.get(linked)) {
    show_toast('The message that this link leads to is not in this chat.');
  } else if (conversation.branch.value.every((message) => message.id !== linked)) {
    conversation.leaf.value = conversation.tree.value.newest_leaf(linked);
  }
}

// Fetches the thread again. Leaves everything as it is when the server cannot be reached.
export async function refresh(conversation: Conversation): Promise<boolean> {
  const id = conversation.id;
  if (id === null) return true;
  try {
    const { thread, messages } = await api.thread(id);
    if (conversation.turn.value?.reply_id) return true; // a reply has begun meanwhile, and knows better
    const known_leaf = conversation.leaf.value;
    conversation.show(thread, messages);
    const tree = conversation.tree.value;
    if (known_leaf === null || !tree.get(known_leaf)) {
      conversation.leaf.value = tree.default_leaf(thread.head_id);
    } else {
      conversation.leaf.value = tree.newest_leaf(known_leaf);
    }
    if (known_leaf === null) follow_link(conversation);
    note_thread(thread);
    watch_foreign_reply(conversation);
    return true;
  } catch (error) {
    if (error instanceof ApiError) {
      conversation.state.value = error.status === 404 ? 'missing' : 'failed';
      if (error.status === 404) forget_thread(id);
      return true;
    }
    connection_lost();
    return false;
  }
}

// A reply being written for another window of the same reader: looked at again until it is complete.
function watch_foreign_reply(conversation: Conversation): void {
  const writing = conversation.messages.value.some((message) => message.status === 'streaming');
  if (!writing || conversation.turn.value) return;
  setTimeout(() => {
    if (conversation.turn.value === null && current.value === conversation) void refresh(conversation);
  }, 1200);
}

export function select_version(conversation: Conversation, message: Message): void {
  if (conversation.busy.value) return;
  const leaf = conversation.tree.value.newest_leaf(message.id);
  conversation.turn.value = null;
  conversation.leaf.value = leaf;
  if (conversation.id === null) return;
  // So that the same branch shows after a reload. If it cannot be kept, the switch itself still holds.
  api.change_thread(conversation.id, { head_id: leaf }).catch(() => {});
}

export function change_message(conversation: Conversation, message: Message): void {
  conversation.messages.value = conversation.messages.value.map((other) =>
    other.id === message.id ? message : other,
  );
}

export function last_question(conversation: Conversation): Message | undefined {
  return conversation.branch.value.findLast((message) => message.role === 'user');
}

export function last_reply_text(conversation: Conversation): string {
  const reply = conversation.branch.value.findLast((message) => message.role === 'assistant');
  return reply ? text_of(reply) : '';
}

export function notice_of(error: unknown): Notice {
  return explain(error, assistant_name.value);
}

on_restored(async () => {
  const conversation = current.value;
  if (conversation.turn.value === null) await refresh(conversation);
});
