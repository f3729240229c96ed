// The parts of a message while it is written, and its plain text: the rules of src/message/ in the server.
import { kGrows, kPartGap, type Part } from './parts';

export type PartEvent =
  | { event: 'part_begin'; data: { index: number; part: Part } }
  | { event: 'part_delta'; data: { index: number; text: string } } // more of the last part
  | { event: 'part_withdrawn'; data: { index: number } }; // the last part was none after all

// The parts after the event; those it is not about stay the same objects.
export function with_event(parts: readonly Part[], { event, data }: PartEvent): Part[] {
  if (event === 'part_begin') return [...parts.slice(0, data.index), data.part];
  if (event === 'part_withdrawn') return parts.slice(0, data.index);
  const grown = parts.map((part, index) => (index === data.index ? { ...part } : part));
  const part = grown[data.index] as (Part & Record<string, string>) | undefined;
  const field = part && part.type in kGrows ? kGrows[part.type as keyof typeof kGrows] : null;
  if (part && field) part[field] = (part[field] ?? '') + data.text;
  return grown;
}

// What the message says: the words of the parts that speak.
export function plain_text_of(parts: readonly Part[]): string {
  return parts
    .map((part) => (part.type === 'text' ? part.text : ''))
    .filter((words) => words !== '')
    .join(kPartGap);
}
