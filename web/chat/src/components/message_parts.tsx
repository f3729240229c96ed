import type { ComponentChildren } from 'preact';
import type { Part } from '@parley/shared/parts';
import { MarkdownView } from './markdown_view';

// The parts of a reply, each in its own way. Keys are positions: a part that grows stays the same element.
export function MessageParts({ parts, writing }: { parts: readonly Part[]; writing: boolean }) {
  return (
    <>
      {parts.map((part, index) => (
        <PartView key={index} part={part} writing={writing && index === parts.length - 1} />
      ))}
    </>
  );
}

function PartView({ part, writing }: { part: Part; writing: boolean }) {
  switch (part.type) {
    case 'text':
      return part.text === '' ? null : <MarkdownView text={part.text} writing={writing} />;
    case 'reasoning':
      return (
        <Aside kind="reasoning" title={writing ? 'Thinking…' : 'Thoughts'} busy={writing}>
          {part.text}
        </Aside>
      );
    case 'tool_call':
      return (
        <Aside kind="tool-call" title={`Asked for ${part.name}`} busy={writing}>
          <code dir="ltr">{part.arguments}</code>
        </Aside>
      );
    case 'tool_result':
      return (
        <Aside kind="tool-result" title={part.failed ? 'That did not work' : 'What came back'}>
          {part.text}
        </Aside>
      );
    case 'notice':
      return (
        <p class="part-notice" role="note" dir="auto">
          {part.text}
        </p>
      );
  }
}

interface AsideProps {
  kind: string;
  title: string;
  busy?: boolean;
  children: ComponentChildren;
}

// What the assistant does not say, folded until the reader wants to see it.
function Aside({ kind, title, busy = false, children }: AsideProps) {
  return (
    <details class={`aside ${kind}`}>
      <summary class={busy ? 'busy' : ''}>{title}</summary>
      <div class="aside-words">{children}</div>
    </details>
  );
}
