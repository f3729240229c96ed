// A button that shows only an icon: its name is said to screen readers and shown as a tooltip.
import type { ComponentChildren, JSX, Ref } from 'preact';

interface Props extends Omit<JSX.HTMLAttributes<HTMLButtonElement>, 'label' | 'icon'> {
  label: string;
  hint?: string; // added to the tooltip, such as a shortcut
  children: ComponentChildren;
  disabled?: boolean;
  button_ref?: Ref<HTMLButtonElement>;
}

export function IconButton({ label, hint, children, button_ref, class: extra, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      class={`icon-button ${extra ?? ''}`}
      aria-label={label}
      title={hint ? `${label} (${hint})` : label}
      ref={button_ref ?? null}
    >
      {children}
    </button>
  );
}
