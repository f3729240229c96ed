// A long thread opens at its end, quickly; what comes before is drawn when the reader gets there, and what is being read
// stays where it is.
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

const kDrawn = 60; // messages at once

export interface Earlier {
  first: number; // the place in the branch of the first message that is drawn
  button: RefObject<HTMLButtonElement>; // which shows more when it is seen
  show_more: () => void;
  show_all: () => void;
}

// `count` messages; the one at `needed`, and all that follow, are drawn in any case.
export function useEarlier(scroller: RefObject<HTMLDivElement>, count: number, needed: number): Earlier {
  const [reached, set_reached] = useState(Infinity);
  const button = useRef<HTMLButtonElement>(null);
  const from_end = useRef<number | null>(null);
  const first = Math.max(0, Math.min(reached, needed, count - kDrawn));

  const show_more = () => {
    const element = scroller.current;
    from_end.current = element ? element.scrollHeight - element.scrollTop : null;
    set_reached(first - kDrawn);
  };
  const show_all = () => {
    if (first > 0) set_reached(0);
  };

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element && from_end.current !== null) element.scrollTop = element.scrollHeight - from_end.current;
    from_end.current = null;
  }, [first]);
  // Once drawn, a message stays drawn.
  useLayoutEffect(() => {
    if (needed < reached) set_reached(needed);
  }, [needed]);
  useEffect(() => {
    const element = scroller.current;
    if (!button.current || !element) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) show_more();
      },
      { root: element, rootMargin: '200px 0px 0px' }, // before the reader has to wait
    );
    observer.observe(button.current);
    return () => observer.disconnect();
  }, [first]);
  return { first, button, show_more, show_all };
}
