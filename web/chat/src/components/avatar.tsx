// The assistant's mark: two overlapping speech bubbles on its colour.
export function Avatar({ size = 'small' }: { size?: 'small' | 'large' }) {
  return (
    <span class={`avatar ${size}`} aria-hidden="true">
      <svg viewBox="0 0 32 32" focusable="false">
        <path
          d="M8 12.5A4.5 4.5 0 0 1 12.5 8h7a4.5 4.5 0 0 1 0 9H15l-4.2 3.6a.5.5 0 0 1-.8-.4v-3.6a4.5 4.5 0 0 1-2-4.1Z"
          fill="currentColor"
        />
        <path
          class="echo"
          d="M24 19.5a4 4 0 0 1-1.6 3.2v2.4a.5.5 0 0 1-.8.4L18.4 23H17a4 4 0 0 1-3.4-1.9"
          fill="none"
          stroke-width="2"
          stroke-linecap="round"
        />
      </svg>
    </span>
  );
}
