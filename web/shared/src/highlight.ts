// Splits `text` at the places where a word of `query` occurs, for marking search hits.

export interface Piece {
  text: string;
  hit: boolean;
}

export function highlight(text: string, query: string): Piece[] {
  const words = query.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [{ text, hit: false }];
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|');
  return text
    .split(new RegExp(`(${pattern})`, 'giu'))
    .map((piece, index) => ({ text: piece, hit: index % 2 === 1 }))
    .filter((piece) => piece.text !== '');
}

// `text` cut so that the first hit is in view, for one-line previews.
export function around_hit(text: string, query: string, before = 24): string {
  const pieces = highlight(text, query);
  const first = pieces[0];
  if (pieces.length < 2 || !first || first.hit || first.text.length <= before) return text;
  return '…' + text.slice(first.text.length - before).trimStart();
}
