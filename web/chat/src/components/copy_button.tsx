import { useEffect, useState } from 'preact/hooks';
import { announce } from '@parley/shared/state/announce';
import { show_toast } from '../state/ui';
import { IconButton } from './icon_button';
import { CheckIcon, CopyIcon } from './icons';

export async function copy_text(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copy_by_selection(text)) {
      show_toast('Your browser does not let this page copy. Select the text and copy it yourself.');
      return false;
    }
  }
  announce('Copied');
  return true;
}

// Browsers offer navigator.clipboard only on https and localhost; a server in the local network has neither.
function copy_by_selection(text: string): boolean {
  const focused = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  document.body.append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return copied;
}

export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const [copied, set_copied] = useState(0);
  useEffect(() => {
    if (copied === 0) return;
    const timer = setTimeout(() => set_copied(0), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <IconButton
      label={label}
      onClick={async () => {
        if (await copy_text(text())) set_copied((count) => count + 1);
      }}
    >
      {copied ? <CheckIcon /> : <CopyIcon />}
    </IconButton>
  );
}
