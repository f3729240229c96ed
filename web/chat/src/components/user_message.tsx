import { useLayoutEffect, useRef } from 'preact/hooks';
import { text_of, type Message } from '@parley/shared/api';
import { is_composing, is_send_key } from '@parley/shared/keys';
import type { Conversation } from '@parley/shared/state/conversation';
import { editing } from '../state/conversations';
import { ask_instead } from '../state/turns';
import { focus_on, kComposer, show_field } from '../state/ui';
import { CopyButton } from './copy_button';
import { GrowingTextarea } from './growing_textarea';
import { IconButton } from './icon_button';
import { PencilIcon } from './icons';
import { SentAt } from './sent_at';
import { Versions } from './versions';

export function UserMessage({ conversation, message }: { conversation: Conversation; message: Message }) {
  const text = text_of(message);
  if (editing.value?.id === message.id) return <EditMessage conversation={conversation} message={message} />;
  return (
    <article class="message user" data-message={message.id}>
      <h2 class="visually-hidden">You said</h2>
      <div class="bubble" dir="auto">
        {text}
      </div>
      <div class="actions">
        <Versions conversation={conversation} message={message} />
        <CopyButton label="Copy question" text={() => text} />
        <IconButton
          label="Edit question"
          data-edit
          disabled={conversation.busy.value}
          onClick={() => (editing.value = { id: message.id, text })}
        >
          <PencilIcon />
        </IconButton>
        <SentAt iso={message.created_at} />
      </div>
    </article>
  );
}

function EditMessage({ conversation, message }: { conversation: Conversation; message: Message }) {
  const text = editing.value?.text ?? '';
  const area = useRef<HTMLTextAreaElement>(null);
  const form = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    if (area.current && form.current) show_field(area.current, form.current);
    area.current?.setSelectionRange(text.length, text.length);
  }, []);
  const ready = text.trim() !== '' && !conversation.busy.value;
  const close = () => {
    editing.value = null;
    requestAnimationFrame(() => {
      const selector = `[data-message="${CSS.escape(message.id)}"] [data-edit]`;
      document.querySelector<HTMLButtonElement>(selector)?.focus();
    });
  };
  const send = () => {
    if (!ready) return;
    editing.value = null;
    ask_instead(conversation, message, text.trim());
    focus_on(kComposer);
  };
  return (
    <article class="message user" data-message={message.id}>
      <h2 class="visually-hidden">Edit your question</h2>
      <form
        class="edit"
        ref={form}
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && !is_composing(event)) {
            event.stopPropagation();
            close();
          } else if (is_send_key(event) && event.target === area.current) {
            event.preventDefault();
            send();
          }
        }}
      >
        <GrowingTextarea
          area_ref={area}
          aria-label="Your question"
          value={text}
          on_text={(changed) => (editing.value = { id: message.id, text: changed })}
        />
        <div class="edit-foot">
          <span class="muted">The first version stays: you can go back to it.</span>
          <button type="button" class="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class="button primary" disabled={!ready}>
            Send
          </button>
        </div>
      </form>
    </article>
  );
}
