// How keystrokes are read. While an input method composes, every key is its own, and the Enter that ends a composition is
// no Enter: Safari sends it after the composition has ended, with the key code of a key that was processed elsewhere.
const kProcessed = 229;

export function is_composing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === kProcessed;
}

// Enter that does something: not an input method's.
export function is_enter(event: KeyboardEvent): boolean {
  return event.key === 'Enter' && !is_composing(event);
}

// Enter that sends: with Shift or Alt it is a new line.
export function is_send_key(event: KeyboardEvent): boolean {
  return is_enter(event) && !event.shiftKey && !event.altKey;
}
