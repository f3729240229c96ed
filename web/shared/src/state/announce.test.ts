import { describe, expect, it } from 'vitest';
import { announce, announcement } from './announce';

describe('announcements', () => {
  it('change even when the words are the same', () => {
    announce('Copied');
    const first = announcement.value;
    announce('Copied');
    expect(announcement.value).not.toBe(first);
    expect(announcement.value.trim()).toBe('Copied');
  });
});
