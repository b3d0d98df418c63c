// A command, and a button that copies it.
import { useState } from 'preact/hooks';

export function CopyCommand({ command, label }: { command: string; label?: string }) {
  const [copied, setCopied] = useState('');
  const copy = async () => {
    const done = await navigator.clipboard?.writeText(command).then(() => true, () => false);
    setCopied(done ? 'copied' : 'select and copy');
    setTimeout(() => setCopied(''), 2000);
  };
  return (
    <span class="command">
      <code tabIndex={0} aria-label={label ?? 'Command'}>{command}</code>
      <button class="plain" onClick={() => void copy()}>
        {copied || 'Copy'}<span class="unseen"> {command}</span>
      </button>
    </span>
  );
}
