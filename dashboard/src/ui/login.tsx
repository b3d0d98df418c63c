// Asks for a token. It stays in this tab, and goes to this daemon only.
import { useState } from 'preact/hooks';
import { Refused, whoami } from '../live/api';
import { remember } from '../live/session';
import { begin, wantsToken, who } from '../live/store';
import { Dialog } from './dialog';

export function Login() {
  const why = wantsToken.value;
  if (why === null) return null;
  return <TokenDialog why={why} />;
}

function TokenDialog({ why }: { why: string }) {
  const [value, setValue] = useState('');
  const [complaint, setComplaint] = useState('');
  const [asking, setAsking] = useState(false);
  const canClose = who.value !== null;
  const close = () => (wantsToken.value = null);
  const send = async () => {
    setAsking(true);
    const refusal = await tried(value.trim());
    setAsking(false);
    setComplaint(refusal ?? '');
    if (refusal === null) void begin();
  };
  return (
    <Dialog title="Sign in" onClose={canClose ? close : null}>
      <form onSubmit={(event) => { event.preventDefault(); void send(); }}>
        {why && <p>{why}</p>}
        <div class="fields">
          <label>
            Token
            <input type="password" autocomplete="off" spellcheck={false} required autoFocus value={value} onInput={(event) => setValue(event.currentTarget.value)} />
          </label>
        </div>
        <p class="quiet">One of <code>control.dashboard.tokens</code>. It is kept in this tab until you sign out or close it.</p>
        <p role="alert" class="alarm">{complaint}</p>
        <div class="buttons">
          {canClose && <button type="button" onClick={close}>Cancel</button>}
          <button type="submit" class="primary" disabled={asking || value.trim() === ''}>Sign in</button>
        </div>
      </form>
    </Dialog>
  );
}

// Null if the token is good, and then it is remembered.
async function tried(token: string): Promise<string | null> {
  if (!/^[\x21-\x7e]+$/.test(token)) return 'A token has no spaces and only ASCII characters.';
  try {
    const { role } = await whoami(token);
    if (role === 'none') return 'This token may not even read.';
    remember(token);
    return null;
  } catch (error) {
    if (!(error instanceof Refused)) return 'The daemon does not answer.';
    if (error.status === 429) return `Too many wrong tokens. Try again in ${error.retryAfterS || 60} s.`;
    return `Not accepted: ${error.message}.`;
  }
}
