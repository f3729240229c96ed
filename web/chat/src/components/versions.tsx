// "2 / 3": goes through the versions of a question or of a reply.
import type { Message } from '@parley/shared/api';
import { announce } from '@parley/shared/state/announce';
import type { Conversation } from '@parley/shared/state/conversation';
import { select_version } from '../state/conversations';
import { IconButton } from './icon_button';
import { LeftIcon, RightIcon } from './icons';

export function Versions({ conversation, message }: { conversation: Conversation; message: Message }) {
  const siblings = conversation.tree.value.siblings(message);
  if (siblings.length < 2) return null;
  const at = siblings.findIndex((other) => other.id === message.id);
  const what = message.role === 'user' ? 'question' : 'reply';
  const step = (by: number, event: MouseEvent) => {
    const other = siblings[at + by];
    if (!other) return;
    // The switcher is drawn anew with the other version: the focus goes there with it.
    const group = (event.currentTarget as HTMLElement).dataset.step;
    select_version(conversation, other);
    announce(`Version ${at + by + 1} of ${siblings.length}`);
    requestAnimationFrame(() => {
      const next = document.querySelector<HTMLButtonElement>(`[data-message="${CSS.escape(other.id)}"] .versions`);
      const same = next?.querySelector<HTMLButtonElement>(`[data-step="${group}"]:not(:disabled)`);
      (same ?? next?.querySelector<HTMLButtonElement>('button:not(:disabled)'))?.focus();
    });
  };
  const busy = conversation.busy.value;
  return (
    <div class="versions" role="group" aria-label={`Versions of this ${what}`}>
      <IconButton label="Previous version" data-step="back" disabled={busy || at === 0} onClick={(e) => step(-1, e)}>
        <LeftIcon />
      </IconButton>
      <span class="count">
        <span class="visually-hidden">Version </span>
        {at + 1}
        <span aria-hidden="true">/</span>
        <span class="visually-hidden"> of </span>
        {siblings.length}
      </span>
      <IconButton
        label="Next version"
        data-step="on"
        disabled={busy || at === siblings.length - 1}
        onClick={(e) => step(1, e)}
      >
        <RightIcon />
      </IconButton>
    </div>
  );
}
