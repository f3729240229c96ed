import { describe, expect, it } from 'vitest';
import { plain_text_of, with_event, type PartEvent } from './message_parts';
import type { Part } from './parts';
import known from '../../../tests/fixtures/part_events.json';

interface Case {
  name: string;
  events: PartEvent[];
  parts: Part[];
  plain_text: string;
}
// The server's own tests read the same cases.
const cases = known as Case[];

describe('a message is built as the server builds it', () => {
  for (const { name, events, parts, plain_text } of cases) {
    it(name, () => {
      const built = events.reduce<Part[]>(with_event, []);
      expect(built).toEqual(parts);
      expect(plain_text_of(built)).toBe(plain_text);
    });
  }

  it('without changing what is on screen already', () => {
    const before: Part[] = [
      { type: 'reasoning', text: 'hm' },
      { type: 'text', text: 'Hel' },
    ];
    const after = with_event(before, { event: 'part_delta', data: { index: 1, text: 'lo' } });
    expect(before[1]).toEqual({ type: 'text', text: 'Hel' });
    expect(after[0]).toBe(before[0]);
  });
});
