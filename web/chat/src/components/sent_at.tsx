import { exact_time, short_time } from '@parley/shared/dates';

export function SentAt({ iso }: { iso: string }) {
  return (
    <time class="sent-at" dateTime={iso} title={exact_time(iso)}>
      {short_time(iso)}
    </time>
  );
}
