// A thread's messages form a tree by `parent_id`: an edited question is a sibling of the first one, a regenerated reply
// a sibling of the first reply. On screen is one branch: the path from a root to a leaf.
import type { Message } from './api';

export class MessageTree {
  private by_id_ = new Map<string, Message>();
  private children_ = new Map<string | null, Message[]>();

  // `messages` oldest first. A message whose parent is unknown counts as a root, so that nothing is ever hidden.
  constructor(messages: readonly Message[]) {
    for (const message of messages) this.by_id_.set(message.id, message);
    for (const message of this.by_id_.values()) {
      const parent = this.parent_key_(message);
      const siblings = this.children_.get(parent);
      if (siblings) siblings.push(message);
      else this.children_.set(parent, [message]);
    }
  }

  get(id: string): Message | undefined {
    return this.by_id_.get(id);
  }

  children(id: string | null): readonly Message[] {
    return this.children_.get(id) ?? [];
  }

  // The message and its alternatives, oldest first: same parent, same role.
  siblings(message: Message): Message[] {
    return this.children(this.parent_key_(message)).filter((other) => other.role === message.role);
  }

  // From the root to `leaf`, both included; empty if there is no such message.
  path(leaf: string | null): Message[] {
    const path: Message[] = [];
    const seen = new Set<string>();
    let message = leaf === null ? undefined : this.by_id_.get(leaf);
    while (message && !seen.has(message.id)) {
      seen.add(message.id);
      path.push(message);
      message = message.parent_id === null ? undefined : this.by_id_.get(message.parent_id);
    }
    return path.reverse();
  }

  // The newest leaf below `id`: where one lands on switching to another version.
  newest_leaf(id: string): string {
    const below = new Set([id]);
    let newest = id;
    for (const message of this.by_id_.values()) {
      if (message.parent_id === null || !below.has(message.parent_id)) continue;
      below.add(message.id);
      newest = message.id; // oldest first: the last one seen is the newest, and a child follows its parent
    }
    return newest;
  }

  // What to show of a thread just opened: its head if it is known, else the newest branch.
  default_leaf(head: string | null): string | null {
    if (head !== null && this.by_id_.has(head)) return this.newest_leaf(head);
    const last = [...this.by_id_.keys()].pop();
    return last ?? null;
  }

  private parent_key_(message: Message): string | null {
    return message.parent_id !== null && this.by_id_.has(message.parent_id) ? message.parent_id : null;
  }
}

// `messages` with `message` put in the place of the one with its id, or at the end.
export function with_message(messages: readonly Message[], message: Message): Message[] {
  const at = messages.findIndex((other) => other.id === message.id);
  if (at < 0) return [...messages, message];
  const copy = messages.slice();
  copy[at] = message;
  return copy;
}
