// A reply's Markdown as safe HTML, in blocks. What a model writes is never trusted:
//  1. raw HTML is shown as text, images become links (nothing is fetched until the reader clicks), and links may only
//     point to http, https and mailto;
//  2. the result passes DOMPurify with a short list of allowed elements and attributes.
// A reply grows while it streams, so each top-level block is rendered by itself and remembered: only the last one changes,
// and text the reader selected above it stays selected.
import DOMPurify from 'dompurify';
import { Marked, type Token, type Tokens, type TokensList } from 'marked';

const kMessageLevel = 2; // the page has the chat's title as h1 and each message as h2

export function escape_html(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

export function safe_url(href: string): string | null {
  const trimmed = href.trim();
  try {
    const url = new URL(trimmed);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null; // relative addresses mean nothing in a reply
  }
}

function link(href: string, title: string | null | undefined, inner: string): string {
  const url = safe_url(href);
  if (url === null) return inner;
  const hover = title ? ` title="${escape_html(title)}"` : '';
  return `<a href="${escape_html(url)}"${hover} target="_blank" rel="noopener noreferrer nofollow">${inner}</a>`;
}

const marked = new Marked({ gfm: true, breaks: true });
marked.use({
  renderer: {
    html({ text }: Tokens.HTML | Tokens.Tag) {
      return escape_html(text);
    },
    heading({ tokens, depth, level }: Tokens.Heading & { level?: number }) {
      const tag = level ? `h${level}` : 'p'; // inside a quotation or a list a heading has no place in the outline
      return `<${tag} data-level="${depth}">${this.parser.parseInline(tokens)}</${tag}>\n`;
    },
    link({ href, title, tokens }: Tokens.Link) {
      return link(href, title, this.parser.parseInline(tokens));
    },
    image({ href, title, text }: Tokens.Image) {
      return link(href, title, `Image: ${escape_html(text || href)}`);
    },
    code({ text, lang }: Tokens.Code) {
      const language = /^[\w+#.-]{1,24}/.exec(lang ?? '')?.[0] ?? '';
      const label = language ? `Code in ${escape_html(language)}` : 'Code';
      return (
        `<div class="code"><div class="code-head"><span>${escape_html(language || 'text')}</span>` +
        `<button type="button" data-copy="code">Copy code</button></div>` +
        `<pre tabindex="0" role="region" aria-label="${label}"><code>${escape_html(text)}</code></pre></div>\n`
      );
    },
    table(token: Tokens.Table) {
      const row = (cells: Tokens.TableCell[], tag: 'th' | 'td') =>
        '<tr>' +
        cells
          .map((cell) => {
            const align = cell.align ? ` data-align="${cell.align}"` : '';
            const scope = tag === 'th' ? ' scope="col"' : '';
            return `<${tag}${scope}${align}>${this.parser.parseInline(cell.tokens)}</${tag}>`;
          })
          .join('') +
        '</tr>';
      const head = token.header.some((cell) => cell.text.trim() !== '')
        ? `<thead>${row(token.header, 'th')}</thead>`
        : '';
      return (
        `<div class="table" tabindex="0" role="region" aria-label="Table"><table>${head}` +
        `<tbody>${token.rows.map((cells) => row(cells, 'td')).join('')}</tbody></table></div>\n`
      );
    },
    checkbox({ checked }: Tokens.Checkbox) {
      return `<span class="check">${checked ? '☑' : '☐'}</span>`;
    },
  },
});

const kHarmless = [
  ...['title', 'target', 'rel', 'class', 'start', 'scope', 'tabindex', 'role', 'aria-label', 'type'],
  ...['data-copy', 'data-align', 'data-level'],
];

const kAllowed = {
  ALLOWED_TAGS: [
    ...['p', 'br', 'hr', 'a', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'div', 'span'],
    ...['h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'button'],
  ],
  ALLOWED_ATTR: ['href', ...kHarmless],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i, // of every attribute but these:
  ADD_URI_SAFE_ATTR: kHarmless,
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
};

// Gives each heading its level in the page's outline, which must not skip one: models often start with `##` or `####`.
function set_levels(tokens: readonly Token[]): void {
  let above = kMessageLevel;
  for (const token of tokens) {
    if (token.type !== 'heading') continue;
    above = Math.min(6, above + 1, token.depth + kMessageLevel);
    (token as { level?: number }).level = above;
  }
}

// One top-level block of Markdown as safe HTML.
function render_block(token: Token, links: TokensList['links']): string {
  const list = [token] as unknown as TokensList;
  list.links = links;
  return DOMPurify.sanitize(marked.parser(list), kAllowed);
}

export class MarkdownBlocks {
  private cache_ = new Map<string, string>();

  // The blocks of `text` as safe HTML, in order.
  render(text: string): string[] {
    const tokens = marked.lexer(text);
    set_levels(tokens);
    const definitions = Object.keys(tokens.links).length ? JSON.stringify(tokens.links) : '';
    const next = new Map<string, string>();
    const blocks: string[] = [];
    for (const token of tokens) {
      if (token.type === 'space' || token.type === 'def') continue;
      const key = `${definitions}${(token as { level?: number }).level ?? ''}:${token.raw}`;
      const html = this.cache_.get(key) ?? render_block(token, tokens.links);
      next.set(key, html);
      if (html !== '') blocks.push(html);
    }
    this.cache_ = next;
    return blocks;
  }
}

// The reply as it is read aloud: no marks, no code fences, no addresses.
export function plain_text(markdown: string): string {
  const holder = document.createElement('template');
  holder.innerHTML = new MarkdownBlocks().render(markdown).join('');
  for (const head of holder.content.querySelectorAll('.code-head')) head.remove();
  for (const cell of holder.content.querySelectorAll('td, th, li')) cell.append(' ');
  return (holder.content.textContent ?? '').replace(/\s+/g, ' ').trim();
}
