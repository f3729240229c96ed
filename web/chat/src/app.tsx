import { effect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { kMod } from '@parley/shared/platform';
import { announcement } from '@parley/shared/state/announce';
import { assistant_name } from '@parley/shared/state/config';
import type { Conversation } from '@parley/shared/state/conversation';
import { Banner } from './components/banner';
import { ConversationView } from './components/conversation_view';
import { IconButton } from './components/icon_button';
import { ComposeIcon, MenuIcon, SidebarIcon } from './components/icons';
import { ShortcutsDialog, watch_keys } from './components/shortcuts';
import { new_chat, Sidebar } from './components/sidebar';
import { Toasts } from './components/toasts';
import { current, current_title, open_thread } from './state/conversations';
import { linked_message, route } from './state/route';
import { drawer_open, focus_on, kComposer, narrow, show_sidebar, sidebar_hidden } from './state/ui';

effect(() => {
  const id = route.value;
  void linked_message.value; // another message of the same thread is another place
  if (id !== null) queueMicrotask(() => open_thread(id));
});

effect(() => {
  const title = current_title.value;
  document.title = title ? `${title} · ${assistant_name.value}` : assistant_name.value;
});

export function App() {
  useEffect(watch_keys, []);
  const drawer = narrow.value;
  const open = drawer ? drawer_open.value : !sidebar_hidden.value;
  const conversation = current.value;
  const state = conversation.state.value;
  return (
    <div class={`page ${open ? 'with-sidebar' : ''}`}>
      {state === 'missing' || state === 'failed' ? null : (
        <a class="skip" href="#composer-text" onClick={skip_to_composer}>
          Skip to the message field
        </a>
      )}
      {open ? <Sidebar /> : null}
      {drawer && open ? <div class="scrim" onClick={() => (drawer_open.value = false)} /> : null}
      <main class="main" inert={drawer && open}>
        <header class="top">
          {open && !drawer ? null : (
            <IconButton
              label="Show the list of chats"
              hint={`${kMod}+B`}
              aria-expanded={open}
              onClick={() => show_sidebar(true)}
            >
              {drawer ? <MenuIcon /> : <SidebarIcon />}
            </IconButton>
          )}
          <h1 dir="auto">{heading(conversation)}</h1>
          {open && !drawer ? null : (
            <IconButton label="New chat" onClick={new_chat}>
              <ComposeIcon />
            </IconButton>
          )}
        </header>
        <Banner />
        <ConversationView key={conversation} conversation={conversation} />
      </main>
      <Toasts />
      <ShortcutsDialog />
      <div class="visually-hidden" role="status" aria-live="polite" data-announcement>
        {announcement.value}
      </div>
    </div>
  );
}

function heading(conversation: Conversation): string {
  if (conversation.state.value === 'missing') return 'Chat not found';
  return current_title.value || (conversation.state.value === 'loading' ? '' : 'New chat');
}

// The address is the thread's: the link only moves the focus.
function skip_to_composer(event: MouseEvent): void {
  event.preventDefault();
  focus_on(kComposer);
}
