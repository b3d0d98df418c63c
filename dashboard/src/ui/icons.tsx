// Shapes of states. Each stands beside its word, so it is hidden from screen readers.
import type { JSX } from 'preact';
import type { Shape } from '../model/words';

const PATHS: Record<Shape, JSX.Element> = {
  up: <><circle cx="8" cy="8" r="7" class="body" /><path d="M4.6 8.3l2.3 2.4 4.4-5" class="sign" /></>,
  down: <><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z" class="body" /><path d="M5.3 5.3l5.4 5.4M10.7 5.3l-5.4 5.4" class="sign" /></>,
  warn: <><path d="M8 1.2L15.4 14.4H.6z" class="body" /><path d="M8 5.8v4.2M8 12v.6" class="sign" /></>,
  drain: <><circle cx="8" cy="8" r="6.2" class="ring" /><path d="M8 1.8a6.2 6.2 0 0 0 0 12.4z" class="body" /></>,
  maint: <><rect x="1.5" y="1.5" width="13" height="13" rx="2" class="body" /><path d="M6 5v6M10 5v6" class="sign" /></>,
  unknown: <circle cx="8" cy="8" r="6.2" class="ring" />,
  off: <><circle cx="8" cy="8" r="6.2" class="ring" /><path d="M3.6 12.4l8.8-8.8" class="line" /></>,
};

export function StateIcon({ shape }: { shape: Shape }) {
  return (
    <svg class={`icon is-${shape}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {PATHS[shape]}
    </svg>
  );
}

export function State({ shape, word, loud }: { shape: Shape; word: string; loud?: boolean }) {
  return (
    <span class={`state is-${shape}${loud ? ' is-loud' : ''}`}>
      <StateIcon shape={shape} />
      <span class="word">{word}</span>
    </span>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true">
      <path d="M3 21V10a9 9 0 0 1 18 0v11" />
      <path d="M8 21v-9.5a4 4 0 0 1 8 0V21" class="inner" />
      <path d="M12 3v18" class="inner" />
    </svg>
  );
}
