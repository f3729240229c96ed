import { describe, expect, it } from 'vitest';
import { ApiError, ConnectionError, retry_after } from './api';
import { explain, is_passing } from './errors';

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
