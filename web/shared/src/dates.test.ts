import { describe, expect, it } from 'vitest';
import { date_group, group_by_date, short_time } from './dates';

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
