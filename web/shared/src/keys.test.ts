import { describe, expect, it } from 'vitest';
import { is_composing, is_enter, is_send_key } from './keys';

const key = (init: KeyboardEventInit & { keyCode?: number }) => new KeyboardEvent('keydown', init);

describe('Enter', () => {
  it('is none while an input method composes, nor when Safari says so afterwards', () => {
    expect(is_enter(key({ key: 'Enter', keyCode: 13 }))).toBe(true);
    expect(is_enter(key({ key: 'Enter', keyCode: 13, isComposing: true }))).toBe(false);
    expect(is_enter(key({ key: 'Enter', keyCode: 229 }))).toBe(false);
    expect(is_composing(key({ key: 'Escape', keyCode: 229 }))).toBe(true);
    expect(is_composing(key({ key: 'Escape', keyCode: 27 }))).toBe(false);
  });

  it('sends alone, and with Control', () => {
    expect(is_send_key(key({ key: 'Enter' }))).toBe(true);
    expect(is_send_key(key({ key: 'Enter', ctrlKey: true }))).toBe(true);
    expect(is_send_key(key({ key: 'Enter', shiftKey: true }))).toBe(false);
    expect(is_send_key(key({ key: 'Enter', altKey: true }))).toBe(false);
    expect(is_send_key(key({ key: 'Enter', keyCode: 229 }))).toBe(false);
  });
});
