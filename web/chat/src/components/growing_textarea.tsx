// A text area as high as its text, up to what the style sheet allows.
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { JSX, RefObject } from 'preact';

interface Props extends Omit<JSX.HTMLAttributes<HTMLTextAreaElement>, 'value' | 'onInput'> {
  value: string;
  on_text: (text: string) => void;
  placeholder?: string;
  area_ref?: RefObject<HTMLTextAreaElement>;
}

export function GrowingTextarea({ value, on_text, area_ref, ...rest }: Props) {
  const own = useRef<HTMLTextAreaElement>(null);
  const area = area_ref ?? own;
  useLayoutEffect(() => {
    const element = area.current;
    if (!element || CSS.supports('field-sizing', 'content')) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [value]);
  return (
    <textarea
      {...rest}
      ref={area}
      rows={1}
      dir="auto"
      value={value}
      onInput={(event) => on_text(event.currentTarget.value)}
    />
  );
}
