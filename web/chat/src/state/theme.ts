// Light, dark, or whatever the system says. public/theme.js sets the first paint; this keeps it right.
import { effect, signal } from '@preact/signals';
import { load, save } from '@parley/shared/storage';

export type Theme = 'system' | 'light' | 'dark';

const stored = load('theme');
export const theme = signal<Theme>(stored === 'light' || stored === 'dark' ? stored : 'system');

export function watch_theme(): void {
  const system_dark = matchMedia('(prefers-color-scheme: dark)');
  const system = signal(system_dark.matches);
  system_dark.addEventListener('change', () => (system.value = system_dark.matches));
  effect(() => {
    const dark = theme.value === 'dark' || (theme.value === 'system' && system.value);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    const bar = getComputedStyle(document.documentElement).getPropertyValue('--page').trim();
    document.querySelector('meta[name="theme-color"]')?.setAttribute('content', bar);
    save('theme', theme.value === 'system' ? null : theme.value);
  });
}
