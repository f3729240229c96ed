// Where the reader writes. Enter sends (on a phone the button does, Enter is a new line); while a reply is being written
// the button stops it. The draft is kept per thread.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { text_of } from '@parley/shared/api';
import { is_composing, is_send_key } from '@parley/shared/keys';
import { announce } from '@parley/shared/state/announce';
import { assistant_name } from '@parley/shared/state/config';
import type { Conversation } from '@parley/shared/state/conversation';
import { editing, last_question } from '../state/conversations';
import { draft_of } from '../state/drafts';
import { ask, stop } from '../state/turns';
import { coarse_pointer } from '../state/ui';
import { GrowingTextarea } from './growing_textarea';
import { SendIcon, StopIcon } from './icons';

export function Composer({ conversation }: { conversation: Conversation }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const draft = draft_of(conversation.id);
  const turn = conversation.turn.value;
  const busy = conversation.busy.value;
  const stoppable = turn?.phase === 'sending' || turn?.phase === 'streaming';
  const text = draft.value;
  const ready = text.trim() !== '' && !busy;

  useLayoutEffect(() => {
    // Before the next keystroke. On a phone the keyboard would jump up unasked.
    if (!coarse_pointer.value) area.current?.focus({ preventScroll: true });
  }, [conversation]);

  const send = () => {
    if (busy && text.trim() !== '') {
      announce(`${assistant_name.value} is still writing. Press Escape to stop.`);
    }
    if (!ready) return;
    draft.value = '';
    ask(conversation, text.trim());
    area.current?.focus({ preventScroll: true });
  };
  const on_key = (event: KeyboardEvent) => {
    if (is_send_key(event) && (!coarse_pointer.value || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      send();
    } else if (event.key === 'ArrowUp' && !is_composing(event) && text === '' && !busy && !event.altKey && !event.shiftKey) {
      const question = last_question(conversation);
      if (!question) return;
      event.preventDefault();
      editing.value = { id: question.id, text: text_of(question) };
    }
  };

  return (
    <div class="composer-area">
      <form
        class="composer"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
        onClick={(event) => {
          if (event.target === event.currentTarget) area.current?.focus();
        }}
      >
        <GrowingTextarea
          id="composer-text"
          area_ref={area}
          value={text}
          on_text={(changed) => (draft.value = changed)}
          onKeyDown={on_key}
          placeholder={`Message ${assistant_name.value}`}
          aria-label={`Message ${assistant_name.value}`}
          aria-describedby="composer-hint"
          enterkeyhint={coarse_pointer.value ? 'enter' : 'send'}
          autocapitalize="sentences"
        />
        {busy && (stoppable || turn?.phase === 'stopping') ? (
          <button
            type="button"
            class="send stop"
            aria-label="Stop"
            title="Stop (Esc)"
            disabled={!stoppable}
            onClick={() => {
              void stop(conversation);
              area.current?.focus({ preventScroll: true });
            }}
          >
            <StopIcon />
          </button>
        ) : (
          <button type="submit" class="send" aria-label="Send" title="Send (Enter)" disabled={!ready}>
            <SendIcon />
          </button>
        )}
      </form>
      <p class="composer-hint" id="composer-hint">
        {assistant_name.value} can be wrong: check what matters.
        <span class="wide-only">
          {' '}
          <kbd>Shift</kbd> <kbd>Enter</kbd> for a new line.
        </span>
      </p>
    </div>
  );
}
