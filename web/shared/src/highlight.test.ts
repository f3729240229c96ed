import { describe, expect, it } from 'vitest';
import { around_hit, highlight } from './highlight';

describe('highlight', () => {
  it('finds words whatever their case, and takes marks literally', () => {
    expect(highlight('The Glass Harbour', 'glass (x')).toEqual([
      { text: 'The ', hit: false },
      { text: 'Glass', hit: true },
      { text: ' Harbour', hit: false },
    ]);
    expect(highlight('a.b', '.').filter((piece) => piece.hit)).toEqual([{ text: '.', hit: true }]);
    expect(highlight('text', '  ')).toEqual([{ text: 'text', hit: false }]);
  });

  it('joins back to the text', () => {
    for (const query of ['a', 'aa b', '\\', '[', 'ä😀']) {
      const text = 'aaa b [x] \\ ä😀 A';
      expect(highlight(text, query).map((piece) => piece.text).join('')).toBe(text);
    }
  });

  it('cuts so that the hit is in view', () => {
    expect(around_hit('x'.repeat(100) + ' hit', 'hit')).toBe('…' + 'x'.repeat(23) + ' hit');
    expect(around_hit('hit first', 'hit')).toBe('hit first');
  });
});
