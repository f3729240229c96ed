// Whether the server can be reached. Whoever notices that it cannot calls connection_lost(); the server is then asked
// again and again, ever less often, and when it is back everyone who registered is told.
import { signal } from '@preact/signals-core';
import { api, ConnectionError } from '../api';
import { announce } from './announce';

export const online = signal(true);
export const just_restored = signal(false);

const kDelays = [300, 600, 1200, 2500, 5000];
const listeners = new Set<() => Promise<void>>();
let attempt = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

export function on_restored(listener: () => Promise<void>): void {
  listeners.add(listener);
}

export function connection_lost(): void {
  if (!online.value) return;
  online.value = false;
  just_restored.value = false;
  attempt = 0;
  announce('The connection is lost. Reconnecting.');
  schedule();
}

export function retry_now(): void {
  if (online.value) return;
  attempt = 0;
  clearTimeout(timer);
  void check();
}

// Runs `action`; a lost connection is noted and swallowed (the result is then undefined), other errors pass.
export async function guarded<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof ConnectionError)) throw error;
    connection_lost();
    return undefined;
  }
}

export function watch_network(): void {
  addEventListener('offline', connection_lost);
  addEventListener('online', retry_now);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) retry_now();
  });
}

function schedule(): void {
  const base = kDelays[Math.min(attempt++, kDelays.length - 1)] ?? 5000;
  // Spread out, so that the pages of many readers do not all knock at once.
  timer = setTimeout(() => void check(), base * (0.8 + 0.4 * Math.random()));
}

async function check(): Promise<void> {
  if (!(await api.ready())) return schedule();
  if (online.value) return;
  online.value = true;
  just_restored.value = true;
  setTimeout(() => (just_restored.value = false), 2500);
  announce('Connected again.');
  await Promise.allSettled([...listeners].map((listener) => listener()));
}
