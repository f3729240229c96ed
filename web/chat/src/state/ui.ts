// What the page itself remembers: drawer, dialogs, toasts, what a screen reader is told.
import { signal } from '@preact/signals';
import { load, save } from '@parley/shared/storage';

export const drawer_open = signal(false); // narrow screens: the list of chats lies over the page
export const sidebar_hidden = signal(load('sidebar') === 'hidden'); // wide screens
export const help_open = signal(false);
export const narrow = signal(false);
export const coarse_pointer = signal(false);

export function watch_screen(): void {
  const narrow_query = matchMedia('(max-width: 767px)');
  const coarse_query = matchMedia('(hover: none) and (pointer: coarse)');
  const update = () => {
    narrow.value = narrow_query.matches;
    coarse_pointer.value = coarse_query.matches;
    if (!narrow.value) drawer_open.value = false;
  };
  narrow_query.addEventListener('change', update);
  coarse_query.addEventListener('change', update);
  update();
  watch_keyboard();
}

// iOS lays its keyboard over the page instead of shrinking it: the page's height then follows the visible part. Wherever
// the keyboard takes its room, what is being typed into stays in view.
function watch_keyboard(): void {
  const viewport = window.visualViewport;
  const update = () => {
    if (viewport) {
      const covered = window.innerHeight - viewport.height > 80 && viewport.scale === 1;
      document.documentElement.style.setProperty('--page-height', covered ? `${viewport.height}px` : '');
      if (covered) window.scrollTo(0, 0);
    }
    const field = document.activeElement;
    if (is_field(field)) field.scrollIntoView(kNearest);
  };
  (viewport ?? window).addEventListener('resize', update);
}

const kNearest: ScrollIntoViewOptions = { block: 'nearest', inline: 'nearest' };

// What one types into.
export function is_field(target: EventTarget | null): target is HTMLElement {
  if (target instanceof HTMLInputElement) return target.type !== 'radio';
  return target instanceof HTMLTextAreaElement || (target instanceof HTMLElement && target.isContentEditable);
}

// Gives a field the focus and brings it into view, with as much of its frame as there is room for; the bars that lie over
// what scrolls are kept clear by its scroll-padding.
export function show_field(field: HTMLElement, frame: HTMLElement = field): void {
  field.focus({ preventScroll: true });
  frame.scrollIntoView(kNearest);
  field.scrollIntoView(kNearest);
}

export function show_sidebar(show: boolean): void {
  if (narrow.value) {
    drawer_open.value = show;
    return;
  }
  sidebar_hidden.value = !show;
  save('sidebar', show ? null : 'hidden');
}

export function sidebar_shown(): boolean {
  return narrow.value ? drawer_open.value : !sidebar_hidden.value;
}

// --- Where the focus goes ---

export const kComposer = '#composer-text';
export const kSearch = '#search';

// At once if the field is there, so that no keystroke is lost; else when it has been drawn.
export function focus_on(selector: string): void {
  const focus = () => {
    const element = document.querySelector<HTMLElement>(selector);
    if (element) show_field(element);
    if (element instanceof HTMLTextAreaElement) {
      element.setSelectionRange(element.value.length, element.value.length);
    } else if (element instanceof HTMLInputElement) {
      element.select();
    }
    return element !== null;
  };
  if (!focus()) requestAnimationFrame(() => requestAnimationFrame(focus));
}

// --- Toasts ---

export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
  lasts_ms: number;
}

export const toasts = signal<Toast[]>([]);
let next_toast = 1;

export function show_toast(text: string, options: Partial<Omit<Toast, 'id' | 'text'>> = {}): number {
  const toast: Toast = { id: next_toast++, text, lasts_ms: 4000, ...options };
  toasts.value = [...toasts.value.slice(-2), toast];
  return toast.id;
}

export function hide_toast(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}
