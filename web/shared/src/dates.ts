// Groups for the list of chats, newest first, by the calendar days of the reader's time zone.

const kDay = 24 * 60 * 60 * 1000;

export function date_group(iso: string, now: Date = new Date(), locale?: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return 'Older';
  const days = Math.round((start_of_day(now) - start_of_day(date)) / kDay); // round: a day may have 23 or 25 hours
  if (days <= 0) return 'Today';
  if (days === 1) return 'Yesterday';
  if (days <= 7) return 'Previous 7 days';
  if (days <= 30) return 'Previous 30 days';
  const same_year = date.getFullYear() === now.getFullYear();
  return date.toLocaleDateString(locale, { month: 'long', year: same_year ? undefined : 'numeric' });
}

export function group_by_date<T extends { updated_at: string }>(
  items: readonly T[],
  now: Date = new Date(),
  locale?: string,
): { label: string; items: T[] }[] {
  const groups: { label: string; items: T[] }[] = [];
  for (const item of items) {
    const label = date_group(item.updated_at, now, locale);
    const last = groups[groups.length - 1];
    if (last?.label === label) last.items.push(item);
    else groups.push({ label, items: [item] });
  }
  return groups;
}

// The time of today, the day of an earlier day.
export function short_time(iso: string, now: Date = new Date(), locale?: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  if (start_of_day(date) === start_of_day(now)) {
    return date.toLocaleTimeString(locale, { hour: 'numeric', minute: '2-digit' });
  }
  return date.toLocaleDateString(locale, { day: 'numeric', month: 'short' });
}

export function exact_time(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return '';
  return date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

function start_of_day(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
