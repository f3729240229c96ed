import { describe, expect, it } from 'vitest';
import { MarkdownBlocks, plain_text, safe_url } from './markdown';

function render(markdown: string): HTMLElement {
  const holder = document.createElement('div');
  holder.innerHTML = new MarkdownBlocks().render(markdown).join('');
  return holder;
}

// Everything that could run, load or restyle something, however it got there.
function dangers(holder: HTMLElement): string[] {
  const found: string[] = [];
  const forbidden =
    'script,style,iframe,object,embed,img,svg,math,link,meta,base,form,input,video,audio,template,noscript,dialog';
  for (const element of holder.querySelectorAll('*')) {
    if (element.matches(forbidden)) found.push(`<${element.localName}>`);
    for (const { name, value } of element.attributes) {
      if (/^on|^style$|^src|^srcset$|^xlink|^formaction$|^action$|^id$|^name$/i.test(name)) found.push(name);
      if (name === 'href' && !/^(https?|mailto):/.test(value)) found.push(`href=${value}`);
    }
  }
  return found;
}

const kAttacks = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<svg/onload=alert(1)>',
  '<svg><animate onbegin=alert(1) attributeName=x dur=1s>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<a href="javascript:alert(1)">x</a>',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<body onload=alert(1)>',
  '<details open ontoggle=alert(1)>',
  '<input autofocus onfocus=alert(1)>',
  '<style>*{display:none}</style>',
  '<base href="https://evil.example/">',
  '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  '<template><script>alert(1)</script></template>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<button data-copy="code" onclick="alert(1)" id="app">x</button>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x](java\u0000script:alert(1))',
  '[x](java&#10;script:alert(1))',
  '[x](&#106;avascript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](vbscript:msgbox(1))',
  '[x](file:///etc/passwd)',
  '[x](//evil.example)',
  '[x](/api/threads)',
  '[x](https://a.example" onmouseover="alert(1))',
  '[x](https://a.example "t\\" onmouseover=\\"alert(1)")',
  '![x](https://tracker.example/pixel.png)',
  '![x](javascript:alert(1))',
  '![" onerror="alert(1)](https://a.example/x.png)',
  '<javascript:alert(1)>',
  '[x]: javascript:alert(1)\n\n[x]',
  '```"><img src=x onerror=alert(1)>\ncode\n```',
  '```html\n</code></pre><script>alert(1)</script>\n```',
  '`<img src=x onerror=alert(1)>`',
  '| a |\n|---|\n| <img src=x onerror=alert(1)> |',
  '# <img src=x onerror=alert(1)>',
  '- [ ] <img src=x onerror=alert(1)>',
  '> <script>alert(1)</script>',
  '<a href="https://a.example" style="position:fixed;inset:0">x</a>',
  '<div><p title="a</div><script>alert(1)</script>',
  '<!-- --!><img src=x onerror=alert(1)> -->',
  '<![CDATA[<img src=x onerror=alert(1)>]]>',
  '<?xml <img src=x onerror=alert(1)> ?>',
];

describe('safety', () => {
  it.each(kAttacks)('nothing can run, load or restyle: %s', (attack) => {
    expect(dangers(render(attack))).toEqual([]);
    expect(dangers(render(`Before **bold ${attack} after`))).toEqual([]);
  });

  it('holds for every beginning of an attack, as a reply streams in', () => {
    for (const attack of kAttacks) {
      for (let end = 1; end <= attack.length; end += 2) {
        expect(dangers(render(attack.slice(0, end))), attack.slice(0, end)).toEqual([]);
      }
    }
  });

  it('holds for attacks one after another', () => {
    for (const first of kAttacks) {
      expect(dangers(render(kAttacks.map((second) => `${first}${second}`).join('\n\n')))).toEqual([]);
    }
  });

  it('shows raw HTML as the text it is', () => {
    expect(render('a <b>bold</b> move').textContent?.trim()).toBe('a <b>bold</b> move');
  });

  it('makes an image a link that loads nothing', () => {
    const holder = render('![a poster](https://a.example/p.png)');
    expect(holder.querySelector('img')).toBeNull();
    expect(holder.querySelector('a')?.textContent).toBe('Image: a poster');
    expect(holder.querySelector('a')?.getAttribute('href')).toBe('https://a.example/p.png');
  });

  it('opens links in a new tab that cannot reach back', () => {
    for (const text of ['[x](https://a.example)', 'https://a.example', '<https://a.example>']) {
      const link = render(text).querySelector('a');
      expect(link?.target).toBe('_blank');
      expect(link?.rel).toContain('noopener');
    }
    expect(safe_url(' https://a.example/ä ')).toBe('https://a.example/%C3%A4');
    expect(safe_url('mailto:help@a.example')).toBe('mailto:help@a.example');
  });
});

describe('rendering', () => {
  it('makes tables with alignment, code with a copy button, lists and headings below the page’s own', () => {
    const holder = render('# Top\n\n| a | b |\n|:-:|--:|\n| 1 | 2 |\n\n```js\nlet x = 1 < 2;\n```\n\n- [x] done');
    expect(holder.querySelector('h3')?.textContent).toBe('Top');
    expect(holder.querySelector('h1, h2')).toBeNull();
    expect([...holder.querySelectorAll('th')].map((cell) => cell.dataset.align)).toEqual(['center', 'right']);
    expect(holder.querySelector('th')?.getAttribute('scope')).toBe('col');
    expect(holder.querySelector('pre code')?.textContent).toBe('let x = 1 < 2;');
    expect(holder.querySelector('.code-head span')?.textContent).toBe('js');
    expect(holder.querySelector('button[data-copy]')).not.toBeNull();
    expect(holder.querySelector('pre')?.tabIndex).toBe(0);
    expect(holder.querySelector('li')?.textContent).toContain('☑ done');
  });

  it('never skips a level of heading, whatever the reply starts with', () => {
    const levels = [...render('#### a\n\n## b\n\n# c\n\n### d\n\n> # quoted').querySelectorAll('[data-level]')];
    expect(levels.map((heading) => heading.localName)).toEqual(['h3', 'h4', 'h3', 'h4', 'p']);
    expect(levels.map((heading) => heading.getAttribute('data-level'))).toEqual(['4', '2', '1', '3', '1']);
  });

  it('keeps the order of numbered lists that start late, and line breaks', () => {
    expect(render('3. three\n4. four').querySelector('ol')?.getAttribute('start')).toBe('3');
    expect(render('one\ntwo').querySelector('br')).not.toBeNull();
  });

  it('gives finished blocks the very same HTML while the text grows', () => {
    const text = 'First *one*.\n\n- a\n- b\n\n```\ncode\n```\n\n| t |\n|---|\n| 1 |\n\nLast.';
    const growing = new MarkdownBlocks();
    let before: string[] = [];
    for (let end = 1; end <= text.length; end++) {
      const blocks = growing.render(text.slice(0, end));
      expect(blocks).toEqual(new MarkdownBlocks().render(text.slice(0, end)));
      // Only the last two blocks may still change: a line can turn out to continue the block above it.
      const settled = Math.max(0, Math.min(before.length, blocks.length) - 2);
      expect(blocks.slice(0, settled)).toEqual(before.slice(0, settled));
      before = blocks;
    }
    expect(before).toHaveLength(5);
  });

  it('renders a link again when its definition arrives', () => {
    const growing = new MarkdownBlocks();
    expect(growing.render('See [there].').join('')).not.toContain('href');
    expect(growing.render('See [there].\n\n[there]: https://a.example').join('')).toContain('https://a.example');
  });

  it('reads aloud without marks', () => {
    expect(plain_text('# Hi\n\n**Two** [films](https://a.example):\n\n1. one\n2. two\n\n```js\nx\n```')).toBe(
      'Hi Two films: one two x',
    );
  });
});
