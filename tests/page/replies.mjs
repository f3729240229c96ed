// What the development server says. The first word of a question chooses, so that a test can ask for what it needs.

export const kMarkdown = `Here is **what I found**, with a [safe link](https://example.org/films) and \`inline code\`.

## Three films for a rainy evening

1. *The Glass Harbour* – a lighthouse keeper finds letters addressed to her
2. *Nine Doors Down* – a warm comedy about neighbours
3. *Paper Comets* – for children and everyone who was one

| Title | Genre | Minutes |
|:--|:-:|--:|
| The Glass Harbour | Mystery | 118 |
| Nine Doors Down | Comedy | 96 |
| Paper Comets | Family | 88 |

> “Quiet, clever and beautifully shot.”

\`\`\`json
{
  "title": "The Glass Harbour",
  "moods": ["calm", "mysterious", "a line that is long enough to need scrolling on a small screen, truly"]
}
\`\`\`

- [x] subtitles
- [ ] audio description

Shall I add one to your list?`;

export const kAttack = `<img src=x onerror="window.hacked = 1"> <script>window.hacked = 2</script>

[click me](javascript:window.hacked=3) ![tracker](https://tracker.example.org/pixel.png)

<iframe src="https://example.org"></iframe><style>body{display:none}</style>`;

const kParagraph =
  'The city wakes slowly under the snow, and so does the story: every scene gives you a little more of the mystery ' +
  'and never more than you need. It is the kind of series that rewards watching closely, with a second season that ' +
  'answers what the first one asked. ';

export function reply_for(question, version) {
  const word = question.trim().split(/\s+/)[0]?.toLowerCase() ?? '';
  const many = (count) => Array.from({ length: count }, (_, i) => `**Part ${i + 1}.** ${kParagraph}`).join('\n\n');
  switch (word) {
    case 'markdown':
      return kMarkdown;
    case 'attack':
      return kAttack;
    case 'long':
    case 'slow': // to be stopped
      return many(14);
    case 'empty':
      return '';
    case 'emoji':
      return 'Of course! 🎬🍿 Family night: 👨‍👩‍👧‍👦 watch *Paper Comets* ☄️ and bring 日本語の字幕 or العربية.';
    case 'arabic':
      return 'بالتأكيد! أنصحك بمشاهدة **ميناء الزجاج** الليلة، فهو فيلم هادئ وجميل.\n\n- غموض\n- دراما';
  }
  const openings = ['Good question!', 'Happy to help.', 'Let me think about that.'];
  return (
    `${openings[version % openings.length]} You asked: *${question.slice(0, 80)}*\n\n` +
    'If you like slow mysteries, try **The Glass Harbour**. For something lighter, **Nine Doors Down** is a good choice. ' +
    'Would you like more like these?'
  );
}
