import { useState } from 'preact/hooks';
import { text_of, type Message } from '@parley/shared/api';
import { plain_text_of } from '@parley/shared/message_parts';
import { assistant_name } from '@parley/shared/state/config';
import type { Conversation } from '@parley/shared/state/conversation';
import { regenerate } from '../state/turns';
import { Avatar } from './avatar';
import { CopyButton } from './copy_button';
import { FeedbackButtons, FeedbackPanel } from './feedback';
import { IconButton } from './icon_button';
import { RetryIcon } from './icons';
import { MessageParts } from './message_parts';
import { SentAt } from './sent_at';
import { Typing } from './typing';
import { Versions } from './versions';

interface Props {
  conversation: Conversation;
  message: Message;
  last: boolean;
}

export function AssistantMessage({ conversation, message, last }: Props) {
  const [open, set_open] = useState<'up' | 'down' | null>(null);
  const writing = message.status === 'streaming';
  const ours = writing && conversation.turn.value?.reply_id === message.id;
  const parts = ours ? conversation.live.value : message.parts;
  const text = plain_text_of(parts);
  const feedback = { conversation, message, open, set_open };
  return (
    <article
      class={`message assistant ${last ? 'last' : ''}`}
      data-message={message.id}
      data-status={message.status}
      aria-busy={writing}
    >
      <Avatar />
      <div class="body">
        <h2 class="visually-hidden">{assistant_name.value} said</h2>
        {parts.length === 0 && writing ? <Typing since={conversation.turn.value?.since} /> : null}
        <MessageParts parts={parts} writing={writing} />
        {!writing ? <Ending conversation={conversation} message={message} empty={text === ''} /> : null}
        {!writing ? (
          <div class="actions">
            <Versions conversation={conversation} message={message} />
            {text !== '' ? <CopyButton label="Copy reply" text={() => text_of(message)} /> : null}
            <IconButton
              label="Another reply"
              data-regenerate
              disabled={conversation.busy.value}
              onClick={() => regenerate(conversation, message)}
            >
              <RetryIcon />
            </IconButton>
            {text !== '' ? <FeedbackButtons {...feedback} /> : null}
            <SentAt iso={message.created_at} />
          </div>
        ) : null}
        {open ? <FeedbackPanel {...feedback} /> : null}
      </div>
    </article>
  );
}

// Why the reply ends where it does, if it was not simply finished.
function Ending({ conversation, message, empty }: { conversation: Conversation; message: Message; empty: boolean }) {
  const notice = conversation.notices.value.get(message.id);
  const words: Record<string, string> = {
    stopped: empty ? 'You stopped this before it began.' : 'You stopped this reply.',
    length: 'The reply ends here because it reached its longest allowed length.',
    interrupted: 'This reply was interrupted.',
    error: notice ? `${notice.title}. ${notice.detail}` : 'Something went wrong while this was being written.',
    complete: empty ? `${assistant_name.value} had nothing to say to this.` : '',
  };
  const why = words[message.status];
  if (!why) return null;
  const trouble = message.status === 'interrupted' || message.status === 'error';
  return (
    <div class={trouble ? 'ending trouble' : 'ending'}>
      <span>{why}</span>
      {trouble ? (
        <button
          type="button"
          class="button small"
          disabled={conversation.busy.value}
          onClick={() => regenerate(conversation, message)}
        >
          Try again
        </button>
      ) : null}
    </div>
  );
}
