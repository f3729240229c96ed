import { useLayoutEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';
import type { Thread } from '@parley/shared/api';
import { around_hit, highlight } from '@parley/shared/highlight';
import { is_composing, is_enter } from '@parley/shared/keys';
import { conversation_of } from '../state/conversations';
import { href, route } from '../state/route';
import { delete_thread, query, rename_thread } from '../state/threads';
import { drawer_open, show_field } from '../state/ui';
import { PencilIcon, TrashIcon } from './icons';
import { MenuButton } from './menu';

const renaming = signal<string | null>(null); // by id

export function ThreadRow({ thread }: { thread: Thread }) {
  if (renaming.value === thread.id) return <RenameRow thread={thread} />;
  const here = route.value === thread.id;
  const writing = conversation_of(thread.id)?.turn.value?.phase === 'streaming';
  const title = thread.title || 'New chat';
  const words = query.value.trim();
  const rename = () => (renaming.value = thread.id);
  const remove = (event?: KeyboardEvent) => {
    const row = event?.currentTarget instanceof Element ? event.currentTarget.closest('li') : null;
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    delete_thread(thread);
    if (event) next?.querySelector('a')?.focus();
  };
  return (
    <li class={here ? 'thread here' : 'thread'}>
      <a
        href={href(thread.id)}
        data-thread={thread.id}
        aria-current={here ? 'page' : undefined}
        onClick={() => (drawer_open.value = false)}
        onDblClick={rename}
        onKeyDown={(event) => {
          if (event.key === 'F2') rename();
          if (event.key === 'Delete') remove(event);
        }}
      >
        <span class="thread-title" dir="auto" title={title}>
          <Marked text={title} words={words} />
        </span>
        {words && thread.preview ? (
          <span class="thread-preview" dir="auto">
            <Marked text={around_hit(thread.preview, words)} words={words} />
          </span>
        ) : null}
      </a>
      {writing ? <span class="thread-writing" role="img" aria-label="a reply is being written" /> : null}
      <MenuButton
        label={`Options for ${title}`}
        items={[
          { label: 'Rename', icon: <PencilIcon />, run: rename },
          { label: 'Delete', icon: <TrashIcon />, danger: true, run: () => remove() },
        ]}
      />
    </li>
  );
}

function RenameRow({ thread }: { thread: Thread }) {
  const input = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useLayoutEffect(() => {
    if (input.current) show_field(input.current);
    input.current?.select();
  }, []);
  const finish = (keep: boolean) => {
    if (done.current) return;
    done.current = true;
    const had_focus = document.activeElement === input.current;
    if (keep) void rename_thread(thread, input.current?.value ?? '');
    renaming.value = null;
    if (!had_focus) return;
    requestAnimationFrame(() => {
      document.querySelector<HTMLElement>(`[data-thread="${CSS.escape(thread.id)}"]`)?.focus();
    });
  };
  return (
    <li class="thread renaming">
      <input
        ref={input}
        type="text"
        maxLength={200}
        dir="auto"
        defaultValue={thread.title}
        aria-label="Name of the chat"
        autocomplete="off"
        onBlur={() => finish(true)}
        onKeyDown={(event) => {
          if (is_enter(event)) finish(true);
          if (event.key === 'Escape' && !is_composing(event)) {
            event.stopPropagation();
            finish(false);
          }
        }}
      />
    </li>
  );
}

function Marked({ text, words }: { text: string; words: string }) {
  if (words === '') return <>{text}</>;
  return <>{highlight(text, words).map((piece) => (piece.hit ? <mark>{piece.text}</mark> : piece.text))}</>;
}
