import { describe, expect, it } from 'vitest';
import { href, parse_route } from './route';

describe('addresses', () => {
  it('go both ways', () => {
    for (const id of ['abc', 'ü/?#&', '01HZ-_x']) expect(parse_route(href(id))).toBe(id);
    expect(parse_route(href(null))).toBeNull();
    for (const odd of ['', '#', '#/t/', '#/t/a/b', '#/x/a', '#/t/%E0%A4%A']) expect(parse_route(odd)).toBeNull();
  });
});
