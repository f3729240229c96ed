// Short messages at the edge of the page. They wait while the pointer or the focus is on them.
import { useEffect, useState } from 'preact/hooks';
import { hide_toast, toasts, type Toast } from '../state/ui';

export function Toasts() {
  return (
    <div class="toasts" role="region" aria-label="Notices">
      {toasts.value.map((toast) => (
        <ToastView key={toast.id} toast={toast} />
      ))}
    </div>
  );
}

function ToastView({ toast }: { toast: Toast }) {
  const [held, set_held] = useState(false);
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => hide_toast(toast.id), toast.lasts_ms);
    return () => clearTimeout(timer);
  }, [held]);
  const action = toast.action;
  return (
    <div
      class="toast"
      onPointerEnter={() => set_held(true)}
      onPointerLeave={() => set_held(false)}
      onFocusIn={() => set_held(true)}
      onFocusOut={() => set_held(false)}
    >
      <span role="status" dir="auto">
        {toast.text}
      </span>
      {action ? (
        <button
          type="button"
          class="link"
          onClick={() => {
            action.run();
            hide_toast(toast.id);
          }}
        >
          {action.label}
        </button>
      ) : null}
    </div>
  );
}
