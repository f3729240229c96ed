// What stands where the messages are: a welcome, the messages, or why there are none.
import { assistant_name } from '@parley/shared/state/config';
import type { Conversation } from '@parley/shared/state/conversation';
import { refresh } from '../state/conversations';
import { reply_to, start_anew } from '../state/turns';
import { AssistantMessage } from './assistant_message';
import type { Earlier } from './earlier';
import { PendingTurn } from './pending_turn';
import { UserMessage } from './user_message';
import { Welcome } from './welcome';

// Nothing has been said yet: the reader is welcomed.
export function is_empty(conversation: Conversation): boolean {
  const state = conversation.state.value;
  if (conversation.turn.value !== null) return false;
  return state === 'new' || (state === 'ready' && conversation.branch.value.length === 0);
}

export function Messages({ conversation, earlier }: { conversation: Conversation; earlier: Earlier }) {
  const state = conversation.state.value;
  const turn = conversation.turn.value;
  if (is_empty(conversation)) return <Welcome conversation={conversation} />;
  if (state === 'loading' && turn === null) return <Skeleton />;
  if (state === 'missing') {
    return (
      <section class="gone">
        <h2>This chat is not here</h2>
        <p>It was deleted, or it belongs to another browser: chats are only visible where they were started.</p>
        <button type="button" class="button primary" onClick={() => start_anew(conversation)}>
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
  return (
    <>
      {earlier.first > 0 ? (
        <button type="button" class="link earlier" ref={earlier.button} onClick={earlier.show_more}>
          Show earlier messages ({earlier.first})
        </button>
      ) : null}
      {branch.slice(earlier.first).map((message) =>
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
