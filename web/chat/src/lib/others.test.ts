import { describe, expect, it } from 'vitest';
import { ApiError, ConnectionError, retry_after } from '../api';
import { model_size } from '../state/config';
import { href, parse_route } from '../state/route';
import { date_group, group_by_date, short_time } from './dates';
import { explain, is_passing } from './errors';
import { around_hit, highlight } from './highlight';

describe('dates', () => {
  const now = new Date(2026, 2, 31, 12); // two days after clocks change in Europe
  const days_ago = (days: number, hour = 23) => new Date(2026, 2, 31 - days, hour, 59).toISOString();

  it('groups by calendar day', () => {
    const label = (days: number) => date_group(days_ago(days), now, 'en');
    expect([0, 1, 2, 7, 8, 30].map(label)).toEqual([
      'Today',
      'Yesterday',
      'Previous 7 days',
      'Previous 7 days',
      'Previous 30 days',
      'Previous 30 days',
    ]);
    expect(label(40)).toBe('February');
    expect(label(400)).toBe('February 2025');
    expect(date_group('nonsense', now)).toBe('Older');
  });

  it('counts a clock that is ahead as today', () => {
    expect(date_group(new Date(2026, 3, 1).toISOString(), now)).toBe('Today');
  });

  it('keeps the order within groups', () => {
    const items = [0, 0, 1].map((days, id) => ({ id, updated_at: days_ago(days) }));
    expect(group_by_date(items, now).map((group) => group.items.map((item) => item.id))).toEqual([[0, 1], [2]]);
  });

  it('says the time of today and the day of others', () => {
    expect(short_time(new Date(2026, 2, 31, 9, 5).toISOString(), now, 'en-GB')).toBe('9:05');
    expect(short_time(days_ago(3), now, 'en-GB')).toBe('28 Mar');
  });
});

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

describe('addresses', () => {
  it('go both ways', () => {
    for (const id of ['abc', 'ü/?#&', '01HZ-_x']) expect(parse_route(href(id))).toBe(id);
    expect(parse_route(href(null))).toBeNull();
    for (const odd of ['', '#', '#/t/', '#/t/a/b', '#/x/a', '#/t/%E0%A4%A']) expect(parse_route(odd)).toBeNull();
  });
});

describe('errors', () => {
  it('reads Retry-After as seconds or as a date', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(retry_after('12')).toBe(12);
    expect(retry_after('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30);
    expect(retry_after('Thu, 01 Jan 2020 00:00:30 GMT', now)).toBe(0);
    expect(retry_after('soon')).toBeNull();
    expect(retry_after(null)).toBeNull();
  });

  it('says what can be done, and what is worth waiting for', () => {
    const busy = new ApiError(429, {}, 7);
    expect(explain(busy, 'Lumi')).toMatchObject({ title: 'Lumi needs a moment', retry_after_s: 7 });
    expect(is_passing(busy)).toBe(true);
    expect(is_passing(new ApiError(422, {}))).toBe(false);
    const refused = new ApiError(422, { title: 'Too long', detail: 'It has 9000 letters.', hint: 'Shorten it.' });
    expect(explain(refused, 'Lumi')).toMatchObject({
      title: 'Too long',
      detail: 'It has 9000 letters. Shorten it.',
    });
    expect(explain(new ConnectionError('x'), 'Lumi').title).toBe('No connection');
    expect(explain(new TypeError('bug'), 'Lumi').detail).toContain('reload');
  });
});

describe('the model’s size', () => {
  it('is said in round numbers', () => {
    expect([13_900_000, 5_000_000, 135_000_000, 1_234_567_890, 260_032, 12, 0].map(model_size)).toEqual([
      '13.9 M parameters',
      '5 M parameters',
      '135 M parameters',
      '1.2 B parameters',
      '260 K parameters',
      '12 parameters',
      '',
    ]);
  });
});
