// Line icons, 24 units, drawn for this page. They are decoration: the button around each has the name.
import type { ComponentChildren } from 'preact';

function icon(children: ComponentChildren) {
  return () => (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />);
export const ComposeIcon = icon(
  <path d="M12.5 4.5H7A2.5 2.5 0 0 0 4.5 7v10A2.5 2.5 0 0 0 7 19.5h10a2.5 2.5 0 0 0 2.5-2.5v-5.5M9.5 14.5l.6-2.9 7.5-7.5a1.6 1.6 0 0 1 2.3 2.3l-7.5 7.5z" />,
);
export const SearchIcon = icon(
  <>
    <circle cx="11" cy="11" r="6.2" />
    <path d="m15.7 15.7 4 4" />
  </>,
);
export const SidebarIcon = icon(
  <>
    <rect x="3.8" y="5" width="16.4" height="14" rx="3" />
    <path d="M9.6 5v14" />
  </>,
);
export const MenuIcon = icon(<path d="M5 8h14M5 15.5h9" />);
export const CloseIcon = icon(<path d="m6.5 6.5 11 11M17.5 6.5l-11 11" />);
export const DotsIcon = icon(
  <g fill="currentColor" stroke="none">
    <circle cx="6" cy="12" r="1.6" />
    <circle cx="12" cy="12" r="1.6" />
    <circle cx="18" cy="12" r="1.6" />
  </g>,
);
export const PencilIcon = icon(<path d="m5 19 .8-3.8L15.9 5.1a2 2 0 0 1 2.9 2.9L8.8 18.2zM14 7l3 3" />);
export const TrashIcon = icon(
  <path d="M5 7.2h14M9.6 7V5.5a1 1 0 0 1 1-1h2.8a1 1 0 0 1 1 1V7M7 7.2l.7 10.6a1.8 1.8 0 0 0 1.8 1.7h5a1.8 1.8 0 0 0 1.8-1.7L17 7.2" />,
);
export const SendIcon = icon(<path d="M12 19V5.5M6.2 11.2 12 5.4l5.8 5.8" />);
export const StopIcon = icon(<rect x="7" y="7" width="10" height="10" rx="2.2" fill="currentColor" stroke="none" />);
export const CopyIcon = icon(
  <>
    <rect x="9" y="9" width="10.5" height="10.5" rx="2.4" />
    <path d="M15 9V6.9a2.4 2.4 0 0 0-2.4-2.4H6.9a2.4 2.4 0 0 0-2.4 2.4v5.7A2.4 2.4 0 0 0 6.9 15H9" />
  </>,
);
export const CheckIcon = icon(<path d="m5.5 12.6 4.3 4.3 8.7-9.3" />);
export const RetryIcon = icon(<path d="M19 12a7 7 0 1 1-2.2-5.1M19.2 4.4v3.8h-3.8" />);
export const ThumbUpIcon = icon(
  <path d="M7.8 11 11 4.6a1.9 1.9 0 0 1 2.7 2.1L12.9 10h4.7a1.9 1.9 0 0 1 1.8 2.4l-1.5 5.4a2.2 2.2 0 0 1-2.1 1.6H7.8M7.8 11v8.4M7.8 11H5.3a.8.8 0 0 0-.8.8v6.8a.8.8 0 0 0 .8.8h2.5" />,
);
export const ThumbDownIcon = icon(
  <path d="M7.8 13 11 19.4a1.9 1.9 0 0 0 2.7-2.1L12.9 14h4.7a1.9 1.9 0 0 0 1.8-2.4l-1.5-5.4a2.2 2.2 0 0 0-2.1-1.6H7.8M7.8 13V4.6M7.8 13H5.3a.8.8 0 0 1-.8-.8V5.4a.8.8 0 0 1 .8-.8h2.5" />,
);
export const LeftIcon = icon(<path d="m14 7-5 5 5 5" />);
export const RightIcon = icon(<path d="m10 7 5 5-5 5" />);
export const DownIcon = icon(<path d="M12 5.5V18M6.4 12.8l5.6 5.6 5.6-5.6" />);
export const SunIcon = icon(
  <>
    <circle cx="12" cy="12" r="3.8" />
    <path d="M12 3.8v1.6M12 18.6v1.6M3.8 12h1.6M18.6 12h1.6M6.2 6.2l1.1 1.1M16.7 16.7l1.1 1.1M6.2 17.8l1.1-1.1M16.7 7.3l1.1-1.1" />
  </>,
);
export const MoonIcon = icon(<path d="M19 14.2A7.6 7.6 0 0 1 9.8 5a7.6 7.6 0 1 0 9.2 9.2z" />);
export const SystemIcon = icon(
  <>
    <rect x="4" y="5" width="16" height="11" rx="2.2" />
    <path d="M9 19.5h6M12 16v3.5" />
  </>,
);
export const KeyboardIcon = icon(
  <>
    <rect x="3.2" y="6.5" width="17.6" height="11" rx="2.4" />
    <path d="M6.8 10h.01M10.2 10h.01M13.7 10h.01M17.1 10h.01M8.5 14h7" />
  </>,
);
export const AlertIcon = icon(
  <path d="M12 8.8v4M12 15.8h.01M10.5 5.4 4 16.6a1.7 1.7 0 0 0 1.5 2.6h13a1.7 1.7 0 0 0 1.5-2.6L13.5 5.4a1.7 1.7 0 0 0-3 0z" />,
);
export const PlugIcon = icon(
  <path d="M9 4.5v4M15 4.5v4M6.8 8.5h10.4v2.7a5.2 5.2 0 0 1-10.4 0zM12 16.4v3.1" />,
);
