// What a screen reader is told, politely.
import { signal } from '@preact/signals-core';

export const announcement = signal('');

export function announce(text: string): void {
  // The same words twice must still be a change of the region's content.
  announcement.value = announcement.value === text ? text + '\u00a0' : text;
}
