import { describe, expect, it } from 'vitest';
import { href, parse_address } from './route';

describe('addresses', () => {
  it('go both ways', () => {
    for (const thread of ['abc', 'ü/?#&', '01HZ-_x']) {
      expect(parse_address(href(thread))).toEqual({ thread, message: null });
      expect(parse_address(href(thread, 'm/ä'))).toEqual({ thread, message: 'm/ä' });
    }
    for (const odd of [href(null), '', '#', '#/t/', '#/t/a/', '#/t/a/b/c', '#/x/a', '#/t/%E0%A4%A', '#/t/a/%E0']) {
      expect(parse_address(odd)).toEqual({ thread: null, message: null });
    }
  });
});
