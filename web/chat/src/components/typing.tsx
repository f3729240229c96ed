// Three dots while the first word is awaited. When it takes long, says so.
import { useEffect, useState } from 'preact/hooks';

const kLong = 8000;

export function Typing({ since }: { since?: number | undefined }) {
  const [long, set_long] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => set_long(true), Math.max(0, kLong - (Date.now() - (since ?? Date.now()))));
    return () => clearTimeout(timer);
  }, [since]);
  return (
    <div class="typing">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <span class={long ? 'muted' : 'visually-hidden'}>{long ? 'Still on it…' : 'Writing…'}</span>
    </div>
  );
}
