// A menu button (WAI-ARIA menu pattern): arrows move, Escape and Tab close, the focus returns to the button.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { IconButton } from './icon_button';
import { DotsIcon } from './icons';

export interface MenuItem {
  label: string;
  icon: ComponentChildren;
  danger?: boolean;
  run: () => void;
}

export function MenuButton({ label, items }: { label: string; items: MenuItem[] }) {
  const [open, set_open] = useState(false);
  const [up, set_up] = useState(false);
  const root = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const entries = () => [...(root.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];

  useLayoutEffect(() => {
    if (!open) return;
    entries()[0]?.focus();
    const outside = (event: Event) => {
      if (event.target instanceof Node && !root.current?.contains(event.target)) set_open(false);
    };
    document.addEventListener('pointerdown', outside);
    document.addEventListener('focusin', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('focusin', outside);
    };
  }, [open]);

  const close = () => {
    set_open(false);
    button.current?.focus();
  };
  const on_key = (event: KeyboardEvent) => {
    if (!open) return;
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const moves: Record<string, number> = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    };
    const to = moves[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[to]?.focus();
    } else if (event.key === 'Escape' || event.key === 'Tab') {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };

  return (
    <span class={open ? 'menu open' : 'menu'} ref={root} onKeyDown={on_key}>
      <IconButton
        label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        button_ref={button}
        onClick={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          set_up(box.bottom + 40 + items.length * 44 > window.innerHeight);
          set_open(!open);
        }}
      >
        <DotsIcon />
      </IconButton>
      {open ? (
        <span class={up ? 'menu-list up' : 'menu-list'} role="menu" aria-label={label}>
          {items.map((item) => (
            <button
              type="button"
              role="menuitem"
              tabIndex={-1}
              key={item.label}
              class={item.danger ? 'danger' : ''}
              onClick={() => {
                close();
                item.run();
              }}
            >
              {item.icon}
              {item.label}
            </button>
          ))}
        </span>
      ) : null}
    </span>
  );
}
