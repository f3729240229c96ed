import { just_restored, online, retry_now } from '@parley/shared/state/connection';
import { CheckIcon } from './icons';

// Said to screen readers by the live region, when it changes.
export function Banner() {
  if (!online.value) {
    return (
      <div class="banner" data-banner="lost">
        <span class="spinner" aria-hidden="true" />
        <span>Reconnecting… Your chat is safe.</span>
        <button type="button" class="link" onClick={retry_now}>
          Try now
        </button>
      </div>
    );
  }
  if (!just_restored.value) return null;
  return (
    <div class="banner back" data-banner="back">
      <CheckIcon />
      <span>Connected again</span>
    </div>
  );
}
