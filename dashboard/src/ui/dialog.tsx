// A modal dialog: the browser keeps the focus inside, Escape closes it, and the focus returns to where it was.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

export function Dialog({ title, onClose, children }: { title: string; onClose: (() => void) | null; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close(); // while it is open nothing else takes the focus
      // What opened it may be gone: after a switch to blue there is no such button.
      (before instanceof HTMLElement && before.isConnected ? before : document.getElementById('main'))?.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onCancel={(event) => { event.preventDefault(); onClose?.(); }}>
      <div class="caption">
        <h2 id="dialog-title">{title}</h2>
        <span class="gap" />
        {onClose && <button class="plain" onClick={onClose}>Close</button>}
      </div>
      {children}
    </dialog>
  );
}
