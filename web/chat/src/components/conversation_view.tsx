// The messages of the branch on screen. It stays at the newest one while the reader is there; once the reader scrolls
// up, or opens a field further up, it keeps still, and a button leads back.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '@parley/shared/state/conversation';
import { editing } from '../state/conversations';
import { linked_message, replace_route, route } from '../state/route';
import { focus_on, kComposer } from '../state/ui';
import { Composer } from './composer';
import { useEarlier } from './earlier';
import { DownIcon } from './icons';
import { is_empty, Messages } from './messages';

const kNear = 48; // px from the end that still count as being there

export function ConversationView({ conversation }: { conversation: Conversation }) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  const last_top = useRef(0);
  const [away, set_away] = useState(false);
  const state = conversation.state.value;
  const turn = conversation.turn.value;
  const branch = conversation.branch.value;
  const empty = is_empty(conversation);
  const linked = route.value === conversation.id ? linked_message.value : null;
  const linked_at = place_of(linked);
  const edited_at = place_of(editing.value?.id ?? null);
  const earlier = useEarlier(scroller, branch.length, Math.min(linked_at, edited_at));

  function place_of(id: string | null): number {
    const at = id === null ? -1 : branch.findIndex((message) => message.id === id);
    return at < 0 ? Infinity : at;
  }

  const to_end = (smooth = false) => {
    const element = scroller.current;
    if (!element) return;
    follow.current = true;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    element.scrollTo({ top: element.scrollHeight, behavior: smooth && !still ? 'smooth' : 'instant' });
  };

  useLayoutEffect(() => {
    set_away(false);
    if (empty) {
      follow.current = false; // a welcome is read from its beginning
      scroller.current?.scrollTo({ top: 0, behavior: 'instant' });
    } else if (linked === null) {
      to_end();
    } else if (linked_at !== Infinity) {
      follow.current = false;
      show_message(linked);
    }
  }, [conversation, state === 'ready', empty, linked, linked_at !== Infinity]);
  useEffect(() => {
    if (turn?.phase !== 'sending') return;
    to_end(); // the reader has just asked something
    if (linked !== null) replace_route(conversation.id);
  }, [turn?.since]);
  useEffect(() => {
    const element = scroller.current;
    if (!element || !content.current) return;
    const observer = new ResizeObserver(() => {
      if (follow.current) to_end();
      else set_away(!empty && distance(element) > kNear);
    });
    observer.observe(content.current);
    observer.observe(element);
    return () => observer.disconnect();
  }, [conversation, empty]);

  const on_scroll = () => {
    const element = scroller.current;
    if (!element || empty) return;
    const near = distance(element) <= kNear;
    // A small step up lets go as well as a large one: only who comes down to the end is held there again.
    const up = element.scrollTop < last_top.current && distance(element) > 1;
    last_top.current = element.scrollTop;
    if (near && !up) follow.current = true;
    set_away(!near && !follow.current);
  };
  // Only the reader's own hand lets go of the end: growing content scrolls too.
  const let_go = (event: Event) => {
    if (event instanceof WheelEvent && event.deltaY >= 0) return;
    if (event instanceof KeyboardEvent && !['ArrowUp', 'PageUp', 'Home'].includes(event.key)) return;
    const element = scroller.current;
    if (element && element.scrollHeight > element.clientHeight) follow.current = false;
  };
  // What has the focus is not pulled out of view: the end is let go of unless it is seen there too.
  const on_focus = (event: FocusEvent) => {
    const element = scroller.current;
    if (!element || event.target === element || !(event.target instanceof Element)) return;
    const above = event.target.getBoundingClientRect().top - element.getBoundingClientRect().top;
    if (element.scrollTop + above < element.scrollHeight - element.clientHeight) follow.current = false;
  };
  // Home means the first message, drawn or not; Page Up and Page Down are the messages' from the message field as well.
  const on_key = (event: KeyboardEvent) => {
    const element = scroller.current;
    if (!element || empty || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return;
    const composer = event.target instanceof HTMLTextAreaElement && event.target.matches(kComposer);
    if (event.key === 'Home' && event.target === element) {
      event.preventDefault();
      earlier.show_all();
      requestAnimationFrame(() => element.scrollTo({ top: 0, behavior: 'instant' }));
    } else if (composer && (event.key === 'PageUp' || event.key === 'PageDown')) {
      const field = event.target as HTMLTextAreaElement;
      if (field.scrollHeight > field.clientHeight + 1) return; // it scrolls itself
      event.preventDefault();
      let_go(event);
      element.scrollBy({ top: (event.key === 'PageUp' ? -0.9 : 0.9) * element.clientHeight, behavior: 'instant' });
    }
  };

  return (
    <div class={empty ? 'conversation empty' : 'conversation'} onKeyDown={on_key}>
      <div
        class="scroller"
        ref={scroller}
        tabIndex={empty ? -1 : 0}
        role="region"
        aria-label="Messages"
        onScroll={on_scroll}
        onWheel={let_go}
        onTouchMove={let_go}
        onKeyDown={let_go}
        onFocusIn={on_focus}
        onPointerDown={(event) => {
          if (event.target === scroller.current) follow.current = false; // the scroll bar
        }}
      >
        <div class="messages" ref={content}>
          <Messages conversation={conversation} earlier={earlier} />
        </div>
      </div>
      <div class="dock">
        {away ? (
          <button
            type="button"
            class="to-end"
            onClick={() => {
              to_end(true);
              set_away(false);
              focus_on(kComposer);
            }}
          >
            <DownIcon />
            <span>{turn?.phase === 'streaming' ? 'Follow the reply' : 'Jump to latest'}</span>
          </button>
        ) : null}
        {state === 'missing' || state === 'failed' ? null : <Composer conversation={conversation} />}
      </div>
    </div>
  );
}

function distance(element: HTMLElement): number {
  return element.scrollHeight - element.scrollTop - element.clientHeight;
}

// Where a link leads: the message is at the top, and has the focus.
function show_message(id: string): void {
  const message = document.querySelector<HTMLElement>(`[data-message="${CSS.escape(id)}"]`);
  if (!message) return;
  message.tabIndex = -1;
  message.scrollIntoView({ block: 'start' });
  message.focus({ preventScroll: true });
}
