// A conversation is a thread as a page holds it: its messages, the branch on screen and the turn being taken.
import { computed, signal, type ReadonlySignal, type Signal } from '@preact/signals-core';
import type { Message, Thread, TurnRequest } from '../api';
import type { Notice } from '../errors';
import type { Part } from '../parts';
import { MessageTree } from '../tree';

// A turn from the moment the reader sends it until its reply is complete.
export interface Turn {
  request: TurnRequest;
  question: string | null; // what was asked, if the turn asks something new
  edited: string | null; // the message of which `question` is another version
  parent_id: string | null; // where it hangs: the branch on screen ends here until the server has taken it
  known: ReadonlySet<string>; // the messages there were before: tells whether a lost request had arrived
  // sending → streaming (→ stopping); waiting: tried again at `retry_at`; lost: tried again when the connection is back
  phase: 'sending' | 'streaming' | 'stopping' | 'waiting' | 'lost' | 'failed';
  reply_id: string | null; // once the server has taken the turn
  since: number; // ms since 1970
  attempts: number;
  retry_at: number | null;
  notice: Notice | null;
}

export class Conversation {
  readonly thread: Signal<Thread | null> = signal(null); // null: a new chat, not sent yet
  readonly messages: Signal<Message[]> = signal([]); // the whole tree, oldest first
  readonly leaf: Signal<string | null> = signal(null);
  readonly turn: Signal<Turn | null> = signal(null);
  readonly live: Signal<Part[]> = signal([]); // the reply being written; only its message redraws
  readonly state: Signal<'new' | 'loading' | 'ready' | 'missing' | 'failed'>;
  readonly notices: Signal<ReadonlyMap<string, Notice>> = signal(new Map()); // by reply: what went wrong
  controller: AbortController | null = null;

  readonly tree: ReadonlySignal<MessageTree> = computed(() => new MessageTree(this.messages.value));
  readonly branch: ReadonlySignal<Message[]> = computed(() => {
    const turn = this.turn.value;
    const pending = turn && turn.reply_id === null;
    return this.tree.value.path(pending ? turn.parent_id : this.leaf.value);
  });
  // One can ask, regenerate and switch versions only while no turn is under way.
  readonly busy: ReadonlySignal<boolean> = computed(() => {
    const phase = this.turn.value?.phase;
    return phase !== undefined && phase !== 'failed';
  });

  constructor(public id: string | null) {
    this.state = signal(id === null ? 'new' : 'loading');
  }

  change_turn(change: Partial<Turn>): void {
    if (this.turn.value) this.turn.value = { ...this.turn.value, ...change };
  }

  show(thread: Thread, messages: Message[]): void {
    this.thread.value = thread;
    this.messages.value = messages;
    this.state.value = 'ready';
  }
}
