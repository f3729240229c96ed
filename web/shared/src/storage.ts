// localStorage, which may be full, switched off, or throw: the page then works on without remembering.

export function load(key: string): string | null {
  try {
    return localStorage.getItem('parley.' + key);
  } catch {
    return null;
  }
}

export function save(key: string, value: string | null): void {
  try {
    if (value === null || value === '') localStorage.removeItem('parley.' + key);
    else localStorage.setItem('parley.' + key, value);
  } catch {
    // Nothing to do: what is on screen is still right.
  }
}
