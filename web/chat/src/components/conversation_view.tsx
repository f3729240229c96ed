// The messages of the branch on screen. It stays at the newest one while the reader is there; once the reader scrolls
// up it keeps still, and a button leads back.
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { assistant_name } from '@parley/shared/state/config';
import type { Conversation } from '@parley/shared/state/conversation';
import { refresh } from '../state/conversations';
import { go } from '../state/route';
import { reply_to } from '../state/turns';
import { focus_on, kComposer } from '../state/ui';
import { AssistantMessage } from './assistant_message';
import { Composer } from './composer';
import { DownIcon } from './icons';
import { PendingTurn } from './pending_turn';
import { UserMessage } from './user_message';
import { Welcome } from './welcome';

const kShown = 60; // messages drawn at once; earlier ones when the reader scrolls to them
const kNear = 48; // px from the end that still count as being there

export function ConversationView({ conversation }: { conversation: Conversation }) {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  const [away, set_away] = useState(false);
  const state = conversation.state.value;
  const turn = conversation.turn.value;
  const empty = state === 'new' && turn === null;

  const to_end = (smooth = false) => {
    const element = scroller.current;
    if (!element) return;
    follow.current = true;
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    element.scrollTo({ top: element.scrollHeight, behavior: smooth && !still ? 'smooth' : 'instant' });
  };

  useLayoutEffect(() => {
    follow.current = true;
    set_away(false);
    to_end();
  }, [conversation, state === 'ready']);
  useEffect(() => {
    if (turn?.phase === 'sending') to_end(); // the reader has just asked something
  }, [turn?.since]);
  useEffect(() => {
    const element = scroller.current;
    if (!element || !content.current) return;
    const observer = new ResizeObserver(() => {
      if (follow.current) to_end();
      else set_away(distance(element) > kNear);
    });
    observer.observe(content.current);
    observer.observe(element);
    return () => observer.disconnect();
  }, [conversation, empty]);

  const on_scroll = () => {
    const element = scroller.current;
    if (!element) return;
    const near = distance(element) <= kNear;
    if (near) follow.current = true;
    set_away(!near && !follow.current);
  };
  // Only the reader's own hand lets go of the end: growing content scrolls too.
  const let_go = (event: Event) => {
    if (event instanceof WheelEvent && event.deltaY >= 0) return;
    if (event instanceof KeyboardEvent && !['ArrowUp', 'PageUp', 'Home'].includes(event.key)) return;
    const element = scroller.current;
    if (element && element.scrollHeight > element.clientHeight) follow.current = false;
  };

  return (
    <div class={empty ? 'conversation empty' : 'conversation'}>
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
        onPointerDown={(event) => {
          if (event.target === scroller.current) follow.current = false; // the scroll bar
        }}
      >
        <div class="messages" ref={content}>
          <Content conversation={conversation} scroller={scroller} />
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

interface ContentProps {
  conversation: Conversation;
  scroller: RefObject<HTMLDivElement>;
}

function Content({ conversation, scroller }: ContentProps) {
  const earlier = useEarlier(scroller);
  const state = conversation.state.value;
  const turn = conversation.turn.value;
  if (state === 'new' && turn === null) return <Welcome conversation={conversation} />;
  if (state === 'loading' && turn === null) return <Skeleton />;
  if (state === 'missing') {
    return (
      <section class="gone">
        <h2>This chat is not here</h2>
        <p>It was deleted, or it belongs to another browser: chats are only visible where they were started.</p>
        <button type="button" class="button primary" onClick={() => go(null)}>
          Start a new chat
        </button>
      </section>
    );
  }
  if (state === 'failed') {
    return (
      <section class="gone">
        <h2>This chat could not be opened</h2>
        <p>Something went wrong on the server. Your messages are still there.</p>
        <button type="button" class="button primary" onClick={() => void refresh(conversation)}>
          Try again
        </button>
      </section>
    );
  }
  const branch = conversation.branch.value;
  const last = branch[branch.length - 1];
  const pending = turn !== null && turn.reply_id === null;
  if (branch.length === 0 && !pending) return <Welcome conversation={conversation} />;
  const left_out = Math.max(0, branch.length - earlier.shown);
  return (
    <>
      {left_out > 0 ? (
        <button type="button" class="link earlier" ref={earlier.button} onClick={earlier.show_more}>
          Show earlier messages ({left_out})
        </button>
      ) : null}
      {branch.slice(left_out).map((message) =>
        message.role === 'user' ? (
          <UserMessage key={message.id} conversation={conversation} message={message} />
        ) : (
          <AssistantMessage
            key={message.id}
            conversation={conversation}
            message={message}
            last={message === last && !pending}
          />
        ),
      )}
      {last?.role === 'user' && turn === null ? (
        <div class="ending trouble alone">
          <span>{assistant_name.value} has not replied to this.</span>
          <button type="button" class="button small" onClick={() => reply_to(conversation, last)}>
            Get a reply
          </button>
        </div>
      ) : null}
      <PendingTurn conversation={conversation} />
    </>
  );
}

// A long thread opens at its end, quickly; what comes before is added above without moving what is being read.
function useEarlier(scroller: RefObject<HTMLDivElement>) {
  const [shown, set_shown] = useState(kShown);
  const button = useRef<HTMLButtonElement>(null);
  const from_end = useRef<number | null>(null);
  const show_more = () => {
    const element = scroller.current;
    from_end.current = element ? element.scrollHeight - element.scrollTop : null;
    set_shown((count) => count + kShown);
  };
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element && from_end.current !== null) element.scrollTop = element.scrollHeight - from_end.current;
    from_end.current = null;
  }, [shown]);
  useEffect(() => {
    const element = scroller.current;
    if (!button.current || !element) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (element.scrollTop < 200 && entries.some((entry) => entry.isIntersecting)) show_more();
      },
      { root: element },
    );
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [shown, button.current === null]);
  return { shown, button, show_more };
}

function Skeleton() {
  return (
    <div class="skeleton" role="status">
      <span class="visually-hidden">Loading the chat…</span>
      <i class="right" />
      <i />
      <i class="short" />
      <i class="right" />
      <i />
    </div>
  );
}
