import { useMemo } from 'preact/hooks';
import { MarkdownBlocks } from '@parley/shared/markdown';
import { copy_text } from './copy_button';

// Each block is an element of its own, so that a growing reply touches only the last one in the page.
export function MarkdownView({ text, writing }: { text: string; writing: boolean }) {
  const renderer = useMemo(() => new MarkdownBlocks(), []);
  const blocks = useMemo(() => renderer.render(text), [text]);
  return (
    <div class={writing ? 'markdown writing' : 'markdown'} dir="auto" onClick={on_click}>
      {blocks.map((html, index) => (
        <div class="block" key={index} dangerouslySetInnerHTML={{ __html: html }} />
      ))}
    </div>
  );
}

async function on_click(event: MouseEvent): Promise<void> {
  const button = event.target instanceof Element ? event.target.closest('[data-copy]') : null;
  if (!(button instanceof HTMLButtonElement)) return;
  const code = button.closest('.code')?.querySelector('code')?.textContent ?? '';
  if (!(await copy_text(code))) return;
  button.textContent = 'Copied';
  setTimeout(() => (button.textContent = 'Copy code'), 1600);
}
