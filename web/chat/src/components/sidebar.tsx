import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Thread } from '@parley/shared/api';
import { group_by_date } from '@parley/shared/dates';
import { is_composing, is_enter } from '@parley/shared/keys';
import { kMod } from '@parley/shared/platform';
import { assistant_name, config, model_size } from '@parley/shared/state/config';
import { go, href, route } from '../state/route';
import {
  load_more_threads,
  load_threads,
  more_threads,
  query,
  searching,
  shown_threads,
  threads_state,
} from '../state/threads';
import { coarse_pointer, drawer_open, focus_on, help_open, kComposer, kSearch, narrow, show_sidebar } from '../state/ui';
import { Avatar } from './avatar';
import { IconButton } from './icon_button';
import { CloseIcon, ComposeIcon, KeyboardIcon, SearchIcon, SidebarIcon } from './icons';
import { ThemeSwitch } from './theme_switch';
import { ThreadRow } from './thread_row';

export function new_chat(): void {
  go(null);
  drawer_open.value = false;
  if (!coarse_pointer.value) focus_on(kComposer);
}

export function Sidebar() {
  const box = useRef<HTMLDivElement>(null);
  const drawer = narrow.value;
  const open = drawer_open.value;
  useLayoutEffect(() => {
    if (!drawer || !open) return;
    const before = document.activeElement;
    box.current?.querySelector<HTMLElement>('[data-close]')?.focus();
    return () => {
      // When the page behind can have the focus again.
      queueMicrotask(() => before instanceof HTMLElement && before.focus({ preventScroll: true }));
    };
  }, [drawer && open]);

  const model = config.value?.model;
  return (
    <div
      class="sidebar"
      ref={box}
      role={drawer ? 'dialog' : 'complementary'}
      aria-modal={drawer ? true : undefined}
      aria-label="Chats"
    >
      <div class="sidebar-head">
        <a class="brand" href={href(null)} aria-label={`${assistant_name.value}: new chat`} onClick={new_chat}>
          <Avatar />
          <span>{assistant_name.value}</span>
        </a>
        <IconButton
          label={drawer ? 'Close' : 'Hide the list of chats'}
          hint={drawer ? 'Esc' : `${kMod}+B`}
          data-close
          onClick={() => show_sidebar(false)}
        >
          {drawer ? <CloseIcon /> : <SidebarIcon />}
        </IconButton>
      </div>
      <button type="button" class="new-chat" aria-current={route.value === null ? 'page' : undefined} onClick={new_chat}>
        <ComposeIcon />
        <span>New chat</span>
        <kbd class="wide-only" aria-hidden="true">
          {kMod} Shift O
        </kbd>
      </button>
      <SearchField />
      <ThreadList />
      <div class="sidebar-foot">
        <ThemeSwitch />
        {coarse_pointer.value ? null : (
          <IconButton label="Keyboard shortcuts" hint="?" onClick={() => (help_open.value = true)}>
            <KeyboardIcon />
          </IconButton>
        )}
        {model ? (
          <p class="model" title={`Version ${config.value?.version ?? ''}`}>
            <span>{model.name}</span>
            {model_size(model.parameters) ? <span> · {model_size(model.parameters)}</span> : null}
          </p>
        ) : null}
      </div>
    </div>
  );
}

function open_found(thread: Thread): void {
  go(thread.id);
  drawer_open.value = false;
}

function SearchField() {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class={searching.value ? 'search searching' : 'search'} role="search">
      <SearchIcon />
      <input
        ref={input}
        type="search"
        id="search"
        placeholder="Search chats"
        aria-label="Search chats"
        aria-keyshortcuts="Control+K"
        autocomplete="off"
        dir="auto"
        value={query.value}
        onInput={(event) => (query.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (is_composing(event)) return;
          if (event.key === 'Escape' && query.value !== '') {
            event.stopPropagation();
            query.value = '';
          } else if (is_enter(event)) {
            const found = searching.value ? undefined : shown_threads.value[0];
            if (found && query.value !== '') open_found(found);
          } else if (event.key === 'ArrowDown') {
            event.preventDefault();
            document.querySelector<HTMLElement>('.thread a')?.focus();
          }
        }}
      />
      {query.value ? (
        <IconButton
          label="Clear the search"
          onClick={() => {
            query.value = '';
            input.current?.focus();
          }}
        >
          <CloseIcon />
        </IconButton>
      ) : (
        <kbd class="wide-only" aria-hidden="true">
          {kMod} K
        </kbd>
      )}
    </div>
  );
}

function ThreadList() {
  const shown = shown_threads.value;
  const words = query.value.trim();
  const end = useRef<HTMLButtonElement>(null);
  const more = words === '' && more_threads.value;
  useEffect(() => {
    if (!end.current || typeof IntersectionObserver === 'undefined') return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) void load_more_threads();
    });
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [more]);

  return (
    <nav class="threads" aria-label="Earlier chats" onKeyDown={move_focus}>
      {threads_state.value === 'failed' ? (
        <p class="threads-empty">
          The list could not be loaded.{' '}
          <button type="button" class="link" onClick={() => void load_threads()}>
            Try again
          </button>
        </p>
      ) : null}
      {threads_state.value === 'ready' && shown.length === 0 && !searching.value ? (
        <p class="threads-empty">
          {words ? `Nothing found for “${words}”.` : 'Your chats will be listed here.'}
        </p>
      ) : null}
      {group_by_date(shown).map((group) => (
        <section key={group.label} aria-label={group.label}>
          <h2>{group.label}</h2>
          <ul>
            {group.items.map((thread) => (
              <ThreadRow key={thread.id} thread={thread} />
            ))}
          </ul>
        </section>
      ))}
      {more ? (
        <button type="button" class="link show-more" ref={end} onClick={() => void load_more_threads()}>
          Show older chats
        </button>
      ) : null}
    </nav>
  );
}

// Arrow keys walk through the chats.
function move_focus(event: KeyboardEvent): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  if (!(event.target instanceof HTMLAnchorElement)) return;
  const all = [...document.querySelectorAll<HTMLElement>('.thread a')];
  const to = all[all.indexOf(event.target) + (event.key === 'ArrowDown' ? 1 : -1)];
  event.preventDefault();
  if (to) to.focus();
  else if (event.key === 'ArrowUp') focus_on(kSearch);
}
