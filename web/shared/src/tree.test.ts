import { describe, expect, it } from 'vitest';
import type { Message } from './api';
import { MessageTree, with_message } from './tree';

function message(id: string, parent_id: string | null, role: 'user' | 'assistant' = 'user'): Message {
  return {
    id,
    thread_id: 't',
    parent_id,
    role,
    parts: [{ type: 'text', text: id }],
    created_at: '2026-01-01T00:00:00Z',
    status: 'complete',
    feedback: null,
  };
}

const ids = (messages: readonly Message[]) => messages.map((m) => m.id);

// q1 → a1, a2; a1 → q2 → a3; q1' is an edit of q1.
const kMessages = [
  message('q1', null),
  message('a1', 'q1', 'assistant'),
  message('q2', 'a1'),
  message('a3', 'q2', 'assistant'),
  message('a2', 'q1', 'assistant'),
  message("q1'", null),
];

describe('MessageTree', () => {
  const tree = new MessageTree(kMessages);

  it('gives the path to a leaf', () => {
    expect(ids(tree.path('a3'))).toEqual(['q1', 'a1', 'q2', 'a3']);
    expect(ids(tree.path('a2'))).toEqual(['q1', 'a2']);
    expect(tree.path(null)).toEqual([]);
    expect(tree.path('nobody')).toEqual([]);
  });

  it('knows the versions of a message', () => {
    expect(ids(tree.siblings(kMessages[1]!))).toEqual(['a1', 'a2']);
    expect(ids(tree.siblings(kMessages[5]!))).toEqual(['q1', "q1'"]);
  });

  it('lands on the newest leaf of a branch', () => {
    expect(tree.newest_leaf('a1')).toBe('a3');
    expect(tree.newest_leaf('q1')).toBe('a2');
    expect(tree.newest_leaf("q1'")).toBe("q1'");
  });

  it('opens at the head, or at the newest branch', () => {
    expect(tree.default_leaf('a3')).toBe('a3');
    expect(tree.default_leaf('q2')).toBe('a3');
    expect(tree.default_leaf(null)).toBe("q1'");
    expect(tree.default_leaf('gone')).toBe("q1'");
    expect(new MessageTree([]).default_leaf(null)).toBeNull();
  });

  it('shows a message whose parent is missing, and survives a circle', () => {
    const odd = new MessageTree([message('a', 'gone'), message('b', 'c'), message('c', 'b')]);
    expect(ids(odd.path('a'))).toEqual(['a']);
    expect(ids(odd.siblings(odd.get('a')!))).toContain('a');
    expect(new Set(ids(odd.path('b')))).toEqual(new Set(['b', 'c']));
  });

  it('on random trees: paths go from a root to the leaf, each step to a child', () => {
    let seed = 7;
    const next = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    for (let round = 0; round < 200; round++) {
      const messages: Message[] = [];
      for (let i = 0; i < 30; i++) {
        const parent = next() < 0.15 || i === 0 ? null : messages[Math.floor(next() * i)]!;
        const role = parent?.role === 'user' ? 'assistant' : 'user';
        messages.push(message(String(i), parent?.id ?? null, role));
      }
      const random_tree = new MessageTree(messages);
      for (const one of messages) {
        const leaf = random_tree.newest_leaf(one.id);
        const path = random_tree.path(leaf);
        expect(ids(path)).toContain(one.id);
        expect(path[0]!.parent_id).toBeNull();
        for (let i = 1; i < path.length; i++) expect(path[i]!.parent_id).toBe(path[i - 1]!.id);
        expect(random_tree.children(leaf)).toEqual([]);
        expect(ids(random_tree.siblings(one))).toContain(one.id);
      }
    }
  });
});

describe('with_message', () => {
  it('replaces by id, else appends, and leaves the old list alone', () => {
    const changed = { ...kMessages[0]!, status: 'stopped' as const };
    const list = with_message(kMessages, changed);
    expect(list[0]!.status).toBe('stopped');
    expect(list).toHaveLength(kMessages.length);
    expect(kMessages[0]!.status).toBe('complete');
    expect(ids(with_message(kMessages, message('new', 'a2')))).toEqual([...ids(kMessages), 'new']);
  });
});
