import { describe, expect, it } from 'vitest';
import type { Message, Thread } from '../api';
import { Conversation, type Turn } from './conversation';

const message = (id: string, parent_id: string | null, role: Message['role']) =>
  ({ id, parent_id, role, parts: [], status: 'complete' }) as unknown as Message;
const turn = (change: Partial<Turn>) => ({ parent_id: null, reply_id: null, phase: 'sending', ...change }) as Turn;

describe('a conversation', () => {
  it('shows the branch of its leaf, or the one that a turn not yet taken will hang under', () => {
    const conversation = new Conversation('t');
    expect(conversation.state.value).toBe('loading');
    conversation.show({ id: 't' } as Thread, [message('q', null, 'user'), message('a', 'q', 'assistant')]);
    conversation.leaf.value = 'a';
    const branch = () => conversation.branch.value.map((each) => each.id);
    expect(conversation.state.value).toBe('ready');
    expect(branch()).toEqual(['q', 'a']);
    conversation.turn.value = turn({ parent_id: 'q' });
    expect(branch()).toEqual(['q']);
    conversation.change_turn({ reply_id: 'a' });
    expect(branch()).toEqual(['q', 'a']);
  });

  it('is busy until its turn has ended or failed', () => {
    const conversation = new Conversation(null);
    expect(conversation.state.value).toBe('new');
    expect(conversation.busy.value).toBe(false);
    conversation.change_turn({ phase: 'lost' }); // there is none to change
    expect(conversation.busy.value).toBe(false);
    conversation.turn.value = turn({});
    expect(conversation.busy.value).toBe(true);
    conversation.change_turn({ phase: 'failed' });
    expect(conversation.busy.value).toBe(false);
  });
});
