import { describe, expect, it } from 'vitest';
import { model_size } from './config';

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
