// Keyboard shortcuts of the whole page, and the dialog that lists them.
import { useEffect, useRef } from 'preact/hooks';
import { is_composing } from '@parley/shared/keys';
import { kMac, kMod } from '@parley/shared/platform';
import { current, last_reply_text } from '../state/conversations';
import { go, route } from '../state/route';
import { stop } from '../state/turns';
import { shown_threads } from '../state/threads';
import {
  drawer_open,
  focus_on,
  help_open,
  is_field,
  kComposer,
  kSearch,
  show_sidebar,
  sidebar_shown,
} from '../state/ui';
import { copy_text } from './copy_button';
import { IconButton } from './icon_button';
import { CloseIcon } from './icons';
import { new_chat } from './sidebar';

interface Shortcut {
  keys: string[];
  does: string;
}

const kShortcuts: { title: string; list: Shortcut[] }[] = [
  {
    title: 'Writing',
    list: [
      { keys: ['Enter'], does: 'Send' },
      { keys: ['Shift', 'Enter'], does: 'New line' },
      { keys: ['Esc'], does: 'Stop the reply' },
      { keys: ['↑'], does: 'Edit the last question (when nothing is typed)' },
      { keys: ['/'], does: 'Go to the message field' },
    ],
  },
  {
    title: 'Chats',
    list: [
      { keys: [kMod, 'Shift', 'O'], does: 'New chat' },
      { keys: [kMod, 'K'], does: 'Search chats' },
      { keys: ['Alt', '↑'], does: 'Newer chat in the list' },
      { keys: ['Alt', '↓'], does: 'Older chat in the list' },
      { keys: ['F2'], does: 'Rename the chat chosen in the list' },
      { keys: ['Del'], does: 'Delete the chat chosen in the list' },
      { keys: [kMod, 'B'], does: 'Show or hide the list' },
    ],
  },
  {
    title: 'Reading',
    list: [
      { keys: [kMod, 'Shift', 'Y'], does: 'Copy the last reply' },
      { keys: ['?'], does: 'This help' },
    ],
  },
];

export function watch_keys(): () => void {
  document.addEventListener('keydown', on_key);
  return () => document.removeEventListener('keydown', on_key);
}

function on_key(event: KeyboardEvent): void {
  if (event.defaultPrevented || is_composing(event)) return;
  const handled = event.key === 'Escape' ? on_escape() : on_shortcut(event);
  if (handled) event.preventDefault();
}

function on_escape(): boolean {
  if (help_open.value) return false; // the dialog closes by itself
  if (drawer_open.value) {
    drawer_open.value = false;
    return true;
  }
  const phase = current.value.turn.value?.phase;
  if (phase === 'sending' || phase === 'streaming') {
    void stop(current.value);
    return true;
  }
  focus_on(kComposer);
  return true;
}

function on_shortcut(event: KeyboardEvent): boolean {
  // The dialog itself, not help_open: its close event comes a moment after it has closed.
  if (document.querySelector('dialog[open]')) return false;
  const mod = kMac ? event.metaKey : event.ctrlKey;
  const key = event.key.toLowerCase();
  if (mod && !event.altKey) {
    if (key === 'k' && !event.shiftKey) {
      show_sidebar(true);
      focus_on(kSearch);
    } else if (key === 'o' && event.shiftKey) new_chat();
    else if (key === 'b' && !event.shiftKey) show_sidebar(!sidebar_shown());
    else if (key === 'y' && event.shiftKey) void copy_text(last_reply_text(current.value));
    else if (key === '/') help_open.value = true;
    else return false;
    return true;
  }
  if (event.altKey && !mod && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    return step(event.key === 'ArrowUp' ? -1 : 1);
  }
  if (mod || event.altKey || is_field(event.target)) return false;
  if (event.key === '?') help_open.value = true;
  else if (event.key === '/') focus_on(kComposer);
  else return false;
  return true;
}

function step(by: number): boolean {
  const list = shown_threads.value;
  const at = list.findIndex((thread) => thread.id === route.value);
  const to = at < 0 ? (by > 0 ? list[0] : undefined) : list[at + by];
  if (to) go(to.id);
  return true;
}

export function ShortcutsDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = help_open.value;
  useEffect(() => {
    if (open) dialog.current?.showModal();
  }, [open]);
  if (!open) return null;
  const close = () => {
    dialog.current?.close(); // gives the focus back to where it was
    help_open.value = false;
  };
  return (
    <dialog
      class="dialog"
      ref={dialog}
      aria-labelledby="shortcuts-title"
      onClose={() => (help_open.value = false)}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="dialog-body">
        <div class="dialog-head">
          <h2 id="shortcuts-title">Keyboard shortcuts</h2>
          <IconButton label="Close" onClick={close}>
            <CloseIcon />
          </IconButton>
        </div>
        <div class="shortcut-groups">
          {kShortcuts.map((group) => (
            <section key={group.title}>
              <h3>{group.title}</h3>
              <dl>
                {group.list.map((shortcut) => (
                  <div key={shortcut.does}>
                    <dt>
                      {shortcut.keys.map((key) => (
                        <kbd key={key}>{key}</kbd>
                      ))}
                    </dt>
                    <dd>{shortcut.does}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </div>
    </dialog>
  );
}
