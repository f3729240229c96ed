// Taking turns: a question is sent, its reply arrives piece by piece, and whatever goes wrong on the way is put right or
// explained. Nothing the reader wrote is ever lost: it is in the thread, in the turn being taken, or back in the draft.
import { api, ApiError, ConnectionError, text_of, type Message, type TurnEvent } from '@parley/shared/api';
import { with_event, type PartEvent } from '@parley/shared/message_parts';
import type { Part } from '@parley/shared/parts';
import { explain, from_problem, is_passing } from '@parley/shared/errors';
import { plain_text } from '@parley/shared/markdown';
import { announce } from '@parley/shared/state/announce';
import { assistant_name } from '@parley/shared/state/config';
import { connection_lost, on_restored, online } from '@parley/shared/state/connection';
import type { Conversation, Turn } from '@parley/shared/state/conversation';
import { with_message } from '@parley/shared/tree';
import { adopt, current, editing, refresh } from './conversations';
import { draft_of } from './drafts';
import { go, replace_route, route } from './route';
import { note_thread } from './threads';
import { focus_on, kComposer } from './ui';

const kAttempts = 5; // of a turn the server is too busy for, before the reader is asked
const kStopPatience = 3000; // ms for the server to end a stopped reply before the connection is closed

const active = new Set<Conversation>();

// Asks `text` at the end of the branch on screen.
export function ask(conversation: Conversation, text: string): void {
  const parent_id = conversation.leaf.value;
  begin(conversation, { request: { text, parent_id }, question: text, edited: null, parent_id });
}

// Asks `text` in the place of `question`, which stays as another version.
export function ask_instead(conversation: Conversation, question: Message, text: string): void {
  const parent_id = question.parent_id;
  begin(conversation, { request: { text, parent_id }, question: text, edited: question.id, parent_id });
}

export function regenerate(conversation: Conversation, reply: Message): void {
  begin(conversation, {
    request: { regenerate: reply.id },
    question: null,
    edited: null,
    parent_id: reply.parent_id,
  });
}

// For a question whose reply was lost.
export function reply_to(conversation: Conversation, question: Message): void {
  begin(conversation, {
    request: { reply_to: question.id },
    question: null,
    edited: null,
    parent_id: question.id,
  });
}

export function try_again(conversation: Conversation): void {
  const turn = conversation.turn.value;
  if (!turn || (turn.phase !== 'failed' && turn.phase !== 'waiting')) return;
  conversation.change_turn({ phase: 'sending', attempts: 0, notice: null, retry_at: null });
  void run(conversation);
}

// Gives a turn up that has not been taken; its question returns to where it was written.
export function give_up(conversation: Conversation): void {
  const turn = conversation.turn.value;
  if (!turn || turn.reply_id !== null) return;
  conversation.controller?.abort();
  active.delete(conversation);
  conversation.turn.value = null;
  if (turn.question === null) return;
  if (turn.edited !== null) {
    editing.value = { id: turn.edited, text: turn.question };
  } else {
    const draft = draft_of(conversation.id);
    draft.value = [turn.question, draft.value].filter(Boolean).join('\n\n');
    focus_on(kComposer);
  }
}

// For a chat that is gone: what was written for it goes into the message field of a new one.
export function start_anew(conversation: Conversation): void {
  const question = conversation.turn.value?.question ?? null;
  const draft = draft_of(conversation.id);
  const fresh = draft_of(null);
  fresh.value = [question, draft.value, fresh.value].filter(Boolean).join('\n\n');
  draft.value = '';
  conversation.turn.value = null;
  active.delete(conversation);
  go(null);
  focus_on(kComposer);
}

export async function stop(conversation: Conversation): Promise<void> {
  const turn = conversation.turn.value;
  if (!turn) return;
  if (turn.reply_id === null) {
    give_up(conversation);
    if (turn.phase === 'sending') await refresh(conversation); // the server may have taken it after all
    return;
  }
  if (turn.phase !== 'streaming') return;
  conversation.change_turn({ phase: 'stopping' });
  const controller = conversation.controller;
  setTimeout(() => {
    if (conversation.turn.value?.phase === 'stopping') controller?.abort();
  }, kStopPatience);
  try {
    if (conversation.id) await api.stop(conversation.id);
  } catch {
    controller?.abort(); // closing the connection stops the reply too
  }
}

function begin(
  conversation: Conversation,
  turn: Pick<Turn, 'request' | 'question' | 'edited' | 'parent_id'>,
): void {
  if (conversation.busy.value) return;
  conversation.turn.value = {
    ...turn,
    known: new Set(conversation.messages.value.map((message) => message.id)),
    phase: online.value ? 'sending' : 'lost',
    reply_id: null,
    since: Date.now(),
    attempts: 0,
    retry_at: null,
    notice: null,
  };
  active.add(conversation);
  if (online.value) void run(conversation);
}

async function run(conversation: Conversation): Promise<void> {
  const turn = conversation.turn.value;
  if (!turn) return;
  active.add(conversation);
  const controller = (conversation.controller = new AbortController());
  const live = new LiveParts(conversation);
  try {
    const id = conversation.id ?? (await make_thread(conversation, controller.signal));
    for await (const event of api.turn(id, turn.request, controller.signal)) {
      if (conversation.controller !== controller) return;
      take(conversation, event, live);
    }
  } catch (error) {
    if (conversation.controller === controller) failed(conversation, error, controller);
  } finally {
    live.end();
    if (!conversation.turn.value || conversation.turn.value.phase === 'failed') {
      active.delete(conversation);
    }
  }
}

async function make_thread(conversation: Conversation, signal: AbortSignal): Promise<string> {
  const thread = await api.create_thread(signal);
  const on_screen = current.value === conversation;
  const draft = draft_of(null).value; // typed while the thread was being made
  adopt(conversation, thread);
  if (on_screen) {
    draft_of(thread.id).value = draft;
    draft_of(null).value = '';
    replace_route(thread.id);
  }
  return thread.id;
}

function take(conversation: Conversation, event: TurnEvent, live: LiveParts): void {
  switch (event.event) {
    case 'turn': {
      const { thread, user_message, assistant_message } = event.data;
      conversation.messages.value = with_message(
        with_message(conversation.messages.value, user_message),
        assistant_message,
      );
      live.start(assistant_message.parts);
      conversation.leaf.value = assistant_message.id;
      conversation.thread.value = thread;
      conversation.change_turn({ phase: 'streaming', reply_id: assistant_message.id });
      note_thread(thread);
      if (is_current(conversation)) announce(`${assistant_name.value} is writing`);
      return;
    }
    case 'part_begin':
    case 'part_delta':
    case 'part_withdrawn':
      live.take(event);
      return;
    case 'done': {
      live.end();
      const { message, thread } = event.data;
      conversation.messages.value = with_message(conversation.messages.value, message);
      conversation.thread.value = thread;
      conversation.turn.value = null;
      note_thread(thread);
      if (is_current(conversation)) read_aloud(message);
      else announce(`${assistant_name.value} has replied in ${thread.title}`);
      return;
    }
    case 'error': {
      live.end();
      const notice = from_problem(event.data);
      end_reply(conversation, 'error');
      const reply_id = conversation.turn.value?.reply_id;
      if (reply_id) {
        conversation.notices.value = new Map(conversation.notices.value).set(reply_id, notice);
        conversation.turn.value = null;
        void refresh(conversation);
      } else {
        conversation.change_turn({ phase: 'failed', notice });
      }
      announce(`${notice.title}. ${notice.detail}`);
      return;
    }
  }
}

function failed(conversation: Conversation, error: unknown, controller: AbortController): void {
  const turn = conversation.turn.value;
  if (!turn) return;
  if (controller.signal.aborted) {
    // Stopped by the reader, and the server did not say how far it had come.
    end_reply(conversation, 'stopped');
    conversation.turn.value = null;
    void refresh(conversation);
  } else if (error instanceof ConnectionError) {
    conversation.change_turn({ phase: 'lost' });
    connection_lost();
  } else if (is_passing(error) && turn.attempts < kAttempts) {
    wait(conversation, explain(error, assistant_name.value), turn);
  } else if (error instanceof ApiError && error.status === 409) {
    // Another window has a reply under way in this thread.
    const notice = { ...from_problem(error.problem, 409), retry_after_s: 3 };
    if (turn.attempts < kAttempts) wait(conversation, notice, turn);
    else conversation.change_turn({ phase: 'failed', notice });
  } else {
    const notice = explain(error, assistant_name.value);
    conversation.change_turn({ phase: 'failed', notice });
    announce(`${notice.title}. ${notice.detail}`);
  }
}

function wait(conversation: Conversation, notice: NonNullable<Turn['notice']>, turn: Turn): void {
  const seconds = Math.max(1, notice.retry_after_s ?? 5);
  const retry_at = Date.now() + seconds * 1000;
  conversation.change_turn({ phase: 'waiting', notice, retry_at, attempts: turn.attempts + 1 });
  announce(`${notice.title}. Trying again in ${seconds} seconds.`);
  setTimeout(() => {
    const now = conversation.turn.value;
    if (now?.phase !== 'waiting' || now.retry_at !== retry_at) return; // given up, or tried by hand
    conversation.change_turn({ phase: 'sending', retry_at: null });
    void run(conversation);
  }, seconds * 1000);
}

// The reply ends here as far as this page knows.
function end_reply(conversation: Conversation, status: Message['status']): void {
  const reply_id = conversation.turn.value?.reply_id;
  const reply = reply_id ? conversation.tree.value.get(reply_id) : undefined;
  if (!reply) return;
  const parts = conversation.live.value;
  conversation.messages.value = with_message(conversation.messages.value, { ...reply, status, parts });
}

// The connection is back: what did the server make of the turn that was under way?
async function recover(conversation: Conversation): Promise<void> {
  const turn = conversation.turn.value;
  if (turn?.phase !== 'lost') return;
  if (conversation.id === null) return again(conversation);
  try {
    const { thread, messages } = await api.thread(conversation.id);
    if (conversation.turn.value !== turn) return;
    const arrived = messages.find((message) => is_of_turn(message, turn));
    if (!arrived) return again(conversation);
    conversation.turn.value = null;
    active.delete(conversation);
    conversation.show(thread, messages);
    conversation.leaf.value = conversation.tree.value.newest_leaf(arrived.id);
    note_thread(thread);
    await refresh(conversation); // follows a reply that is still being written
  } catch (error) {
    if (error instanceof ConnectionError) return connection_lost();
    conversation.change_turn({ phase: 'failed', notice: explain(error, assistant_name.value) });
  }
}

function again(conversation: Conversation): void {
  conversation.change_turn({ phase: 'sending', reply_id: null });
  void run(conversation);
}

function is_of_turn(message: Message, turn: Turn): boolean {
  if (turn.reply_id !== null && message.id === turn.reply_id) return true;
  if (message.parent_id !== turn.parent_id || turn.known.has(message.id)) return false;
  if (turn.question === null) return message.role === 'assistant';
  return message.role === 'user' && text_of(message) === turn.question;
}

on_restored(async () => {
  await Promise.allSettled([...active].map(recover));
});

function is_current(conversation: Conversation): boolean {
  return conversation.id === route.value;
}

function read_aloud(message: Message): void {
  const text = plain_text(text_of(message));
  const ends: Partial<Record<Message['status'], string>> = { stopped: 'Stopped.', length: 'Cut at its limit.' };
  announce(`${assistant_name.value}: ${text} ${ends[message.status] ?? ''}`.trim());
}

// Collects the parts of a reply and shows them once a frame, however fast they come.
class LiveParts {
  private parts_: Part[] = [];
  private scheduled_ = false;
  private ended_ = false;

  constructor(private conversation_: Conversation) {}

  start(parts: Part[]): void {
    this.parts_ = parts;
    this.conversation_.live.value = parts;
  }

  take(event: PartEvent): void {
    this.parts_ = with_event(this.parts_, event);
    if (this.scheduled_) return;
    this.scheduled_ = true;
    // A page in the background gets no frames.
    if (document.hidden) setTimeout(() => this.show_(), 250);
    else requestAnimationFrame(() => this.show_());
  }

  end(): void {
    if (!this.ended_ && this.scheduled_) this.show_();
    this.ended_ = true;
  }

  private show_(): void {
    this.scheduled_ = false;
    if (!this.ended_) this.conversation_.live.value = this.parts_;
  }
}
