// Thumbs up and down. The rating is kept at once; a reason can be added, and a second press takes the rating back.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { api, ApiError, type Message } from '@parley/shared/api';
import { is_composing } from '@parley/shared/keys';
import { announce } from '@parley/shared/state/announce';
import { connection_lost } from '@parley/shared/state/connection';
import type { Conversation } from '@parley/shared/state/conversation';
import { change_message } from '../state/conversations';
import { show_field, show_toast } from '../state/ui';
import { IconButton } from './icon_button';
import { CloseIcon, ThumbDownIcon, ThumbUpIcon } from './icons';

const kReasons = {
  up: ['Correct', 'Helpful', 'Well written', 'Friendly'],
  down: ['Not true', 'Not what I asked', 'Too long', 'Too short', 'Wrong tone', 'Harmful'],
} as const;

type Rating = 'up' | 'down';

async function rate(
  conversation: Conversation,
  message: Message,
  rating: Rating | null,
  reason?: string,
): Promise<boolean> {
  change_message(conversation, {
    ...message,
    feedback: rating && { rating, reason: reason ?? null },
  });
  try {
    const kept = await api.feedback(message.id, rating, reason);
    change_message(conversation, { ...message, feedback: kept.feedback });
    return true;
  } catch (error) {
    change_message(conversation, message);
    if (!(error instanceof ApiError)) connection_lost();
    show_toast('Your feedback could not be kept. Please try again.');
    return false;
  }
}

interface Props {
  conversation: Conversation;
  message: Message;
  open: Rating | null;
  set_open: (rating: Rating | null) => void;
}

export function FeedbackButtons({ conversation, message, open, set_open }: Props) {
  const given = message.feedback?.rating ?? null;
  const press = async (rating: Rating) => {
    if (given === rating) {
      set_open(null);
      if (await rate(conversation, message, null)) announce('Feedback taken back');
      return;
    }
    set_open(rating);
    if (await rate(conversation, message, rating)) {
      announce(rating === 'up' ? 'Rated as good' : 'Rated as not good');
    }
  };
  return (
    <>
      {(['up', 'down'] as const).map((rating) => (
        <IconButton
          key={rating}
          class={given === rating ? 'chosen' : ''}
          label={rating === 'up' ? 'Good reply' : 'Not a good reply'}
          aria-pressed={given === rating}
          aria-expanded={open === rating}
          data-rating={rating}
          onClick={() => void press(rating)}
        >
          {rating === 'up' ? <ThumbUpIcon /> : <ThumbDownIcon />}
        </IconButton>
      ))}
    </>
  );
}

export function FeedbackPanel({ conversation, message, open, set_open }: Props) {
  const [chosen, set_chosen] = useState<readonly string[]>([]);
  const [words, set_words] = useState('');
  const panel = useRef<HTMLFormElement>(null);
  useLayoutEffect(() => {
    set_chosen([]);
    set_words('');
    const first = panel.current?.querySelector('button');
    if (panel.current && first) show_field(first, panel.current);
  }, [open]);
  if (open === null) return null;

  const close = () => {
    const thumb = panel.current
      ?.closest('.message')
      ?.querySelector<HTMLButtonElement>(`[data-rating="${open}"]`);
    set_open(null);
    thumb?.focus({ preventScroll: true });
  };
  const send = async (event: Event) => {
    event.preventDefault();
    const reason = [chosen.join(', '), words.trim()].filter(Boolean).join(': ');
    close();
    if (reason === '') return;
    if (await rate(conversation, message, open, reason)) show_toast('Thank you for your feedback');
  };
  const toggle = (reason: string) =>
    set_chosen(chosen.includes(reason) ? chosen.filter((other) => other !== reason) : [...chosen, reason]);

  return (
    <form
      class="feedback-panel"
      ref={panel}
      aria-label="Add a reason"
      onSubmit={send}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || is_composing(event)) return;
        event.stopPropagation();
        close();
      }}
    >
      <div class="feedback-head">
        <p>{open === 'up' ? 'What was good about it?' : 'What was wrong with it?'}</p>
        <span class="muted">optional</span>
        <IconButton label="Close" onClick={close}>
          <CloseIcon />
        </IconButton>
      </div>
      <div class="chips" role="group" aria-label="Reasons">
        {kReasons[open].map((reason) => (
          <button
            type="button"
            key={reason}
            class="chip"
            aria-pressed={chosen.includes(reason)}
            onClick={() => toggle(reason)}
          >
            {reason}
          </button>
        ))}
      </div>
      <div class="feedback-words">
        <input
          type="text"
          value={words}
          maxLength={1000}
          dir="auto"
          autocomplete="off"
          aria-label="In your own words"
          placeholder="In your own words…"
          onInput={(event) => set_words(event.currentTarget.value)}
        />
        <button type="submit" class="button primary" disabled={chosen.length === 0 && words.trim() === ''}>
          Send
        </button>
      </div>
    </form>
  );
}
