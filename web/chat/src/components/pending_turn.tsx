// The end of the branch while a turn has not been taken by the server: the question, and what is going on with it.
import { useEffect, useState } from 'preact/hooks';
import { assistant_name } from '@parley/shared/state/config';
import { retry_now } from '@parley/shared/state/connection';
import type { Conversation, Turn } from '@parley/shared/state/conversation';
import { give_up, start_anew, try_again } from '../state/turns';
import { Avatar } from './avatar';
import { AlertIcon, PlugIcon } from './icons';
import { Typing } from './typing';

export function PendingTurn({ conversation }: { conversation: Conversation }) {
  const turn = conversation.turn.value;
  if (!turn || turn.reply_id !== null) return null;
  return (
    <>
      {turn.question !== null ? (
        <article class={`message user pending ${turn.phase}`}>
          <h2 class="visually-hidden">You said</h2>
          <div class="bubble" dir="auto">
            {turn.question}
          </div>
        </article>
      ) : null}
      {turn.phase === 'sending' ? (
        <article class="message assistant" aria-busy="true">
          <Avatar />
          <div class="body">
            <h2 class="visually-hidden">{assistant_name.value}</h2>
            <Typing since={turn.since} />
          </div>
        </article>
      ) : (
        <Trouble conversation={conversation} turn={turn} />
      )}
    </>
  );
}

function Trouble({ conversation, turn }: { conversation: Conversation; turn: Turn }) {
  const lost = turn.phase === 'lost';
  const title = lost ? 'Waiting for the connection' : turn.notice?.title;
  const detail = lost
    ? 'Your message is kept here and is sent as soon as the server can be reached.'
    : turn.notice?.detail;
  return (
    <div class={`notice ${turn.phase}`}>
      {lost ? <PlugIcon /> : <AlertIcon />}
      <div class="notice-text">
        <p class="notice-title">{title}</p>
        <p>
          {detail} {turn.retry_at !== null ? <Countdown until={turn.retry_at} /> : null}
        </p>
      </div>
      <div class="notice-actions">
        <button type="button" class="button small" onClick={() => give_up(conversation)}>
          {turn.question !== null ? 'Edit' : 'Cancel'}
        </button>
        {turn.notice?.gone ? (
          <button type="button" class="button small primary" onClick={() => start_anew(conversation)}>
            Start a new chat
          </button>
        ) : (
          <button
            type="button"
            class="button small primary"
            onClick={() => (lost ? retry_now() : try_again(conversation))}
          >
            {turn.phase === 'waiting' ? 'Try now' : 'Try again'}
          </button>
        )}
      </div>
    </div>
  );
}

function Countdown({ until }: { until: number }) {
  const left = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const [seconds, set_seconds] = useState(left);
  useEffect(() => {
    const timer = setInterval(() => set_seconds(left), 250);
    return () => clearInterval(timer);
  }, [until]);
  return <span class="countdown">Trying again in {seconds} s.</span>;
}
