// An action asks: facts, a reason, and the command that does the same. Then it tells how it goes, and how it ended.
import { useState } from 'preact/hooks';
import { act, rollbackAction, serverAction, switchAction, type Action } from '../live/api';
import { now, status } from '../live/store';
import { rollbackCommand, serverCommand, switchCommand } from '../model/commands';
import type { ActionResult, AdminWord, Service } from '../model/contract';
import { rollbackFacts, serverFacts, switchFacts } from '../model/facts';
import { asked, type Asked } from './asked';
import { CopyCommand } from './copy_command';
import { Dialog } from './dialog';
import { Outcome } from './outcome';
import { ServerChoice } from './server_choice';
import { SplitChoice } from './split_choice';

interface Words {
  reason: string;
  label: string;
}
interface Proposal {
  title: string;
  confirm: string;
  facts: string[];
  command: string;
  action: Action;
  hasLabel: boolean;
  isReady: boolean;
}

function switchProposal(service: Service, to: string[], { reason, label }: Words): Proposal {
  const { name, revision } = service;
  const isReady = to.length > 0;
  return {
    title: `Switch ${name}`,
    confirm: isReady ? `Switch to ${to.join(' ')}` : 'Switch',
    facts: isReady ? switchFacts(service, to, now.value) : ['The shares must add up to 100.'],
    command: `${switchCommand({ service: name, reason, label }, to)} --if-revision ${revision}`,
    action: switchAction(name, { to, reason, label, if_revision: revision }),
    hasLabel: true,
    isReady,
  };
}

function rollbackProposal(service: Service, { reason }: Words): Proposal {
  return {
    title: `Roll ${service.name} back`, confirm: 'Roll back', facts: rollbackFacts(service, now.value),
    command: rollbackCommand({ service: service.name, reason }), action: rollbackAction(service.name, { reason }),
    hasLabel: false, isReady: service.rollback.to !== null,
  };
}

const VERBS: Record<AdminWord, string> = { ready: 'Make ready', drain: 'Drain', maint: 'Put in maint' };

function serverProposal(service: Service, wanted: Asked & { kind: 'server' }, { reason }: Words): Proposal | null {
  const pool = service.pools.find(({ name }) => name === wanted.pool);
  const server = pool?.servers.find(({ name }) => name === wanted.server);
  if (!pool || !server) return null;
  const { state } = wanted;
  return {
    title: 'Server', confirm: `${VERBS[state]} ${server.name}`, facts: serverFacts(pool, server, state),
    command: serverCommand({ service: service.name, reason }, pool.name, server.name, state),
    action: serverAction(service.name, pool.name, server.name, { state, reason }), hasLabel: false, isReady: server.admin !== state,
  };
}

export function ActionDialog() {
  const wanted = asked.value;
  const service = wanted ? status.value?.services[wanted.service] : undefined;
  if (!wanted || !service) return null;
  return <Confirmation key={wanted.kind} wanted={wanted} service={service} />;
}

function Confirmation({ wanted, service }: { wanted: Asked; service: Service }) {
  const [words, setWords] = useState<Words>({ reason: '', label: '' });
  const [split, setSplit] = useState<string[]>([]);
  const [sent, setSent] = useState<Sent | null>(null);
  const [revision] = useState(service.revision);
  const close = () => (asked.value = null);
  const proposal = unlessOld(proposalOf(wanted, service, split, words), revision, service);
  if (sent) return <Dialog title={sent.title} onClose={close}><Progress {...sent} /></Dialog>;
  if (!proposal) return null;
  const send = () => {
    const going: Sent = { title: proposal.title, told: [], result: null };
    setSent({ ...going });
    void act(proposal.action, (message) => setSent({ ...going, told: (going.told = [...going.told, message]) })).then((result) =>
      setSent({ ...going, result }),
    );
  };
  return (
    <Dialog title={proposal.title} onClose={close}>
      <form onSubmit={(event) => { event.preventDefault(); if (proposal.isReady) send(); }}>
        {wanted.kind === 'split' && <SplitChoice service={service} onChange={setSplit} />}
        {wanted.kind === 'server' && <ServerChoice service={service} wanted={wanted} />}
        <ul class="facts">{proposal.facts.map((fact) => <li key={fact}>{fact}</li>)}</ul>
        <div class="fields">
          <label>
            <span>Reason <span class="quiet">goes into the history</span></span>
            <input value={words.reason} maxLength={400} autoFocus onInput={(event) => setWords({ ...words, reason: event.currentTarget.value })} />
          </label>
          {proposal.hasLabel && (
            <label>
              <span>Version label <span class="quiet">empty: none</span></span>
              <input value={words.label} maxLength={80} onInput={(event) => setWords({ ...words, label: event.currentTarget.value })} />
            </label>
          )}
        </div>
        <p class="same"><span class="quiet">The same by command:</span> <CopyCommand command={proposal.command} /></p>
        <div class="buttons">
          <button type="button" onClick={close}>Cancel</button>
          <button type="submit" class="primary" disabled={!proposal.isReady}>{proposal.confirm}</button>
        </div>
      </form>
    </Dialog>
  );
}

function proposalOf(wanted: Asked, service: Service, split: string[], words: Words): Proposal | null {
  if (wanted.kind === 'switch') return switchProposal(service, wanted.to, words);
  if (wanted.kind === 'split') return switchProposal(service, split, words);
  return wanted.kind === 'rollback' ? rollbackProposal(service, words) : serverProposal(service, wanted, words);
}

// What was read when the dialog opened is what is agreed to.
function unlessOld(proposal: Proposal | null, revision: number, { name, revision: now }: Service): Proposal | null {
  if (!proposal || now === revision) return proposal;
  return { ...proposal, facts: [`${name} was changed while this was open (revision ${revision} → ${now}). Close this and look again.`], isReady: false };
}

interface Sent {
  title: string;
  told: string[];
  result: ActionResult | null;
}

function Progress({ told, result }: Sent) {
  return (
    <div class="progress">
      <ol aria-label="Progress">{told.slice(-6).map((message, at) => <li key={`${at} ${message}`}>{message}</li>)}</ol>
      <div role="status">
        {result ? <Outcome result={result} /> : <p class="quiet">{told.length === 0 ? 'Asking the daemon…' : 'Under way. Closing this dialog does not stop it.'}</p>}
      </div>
      <div class="buttons"><button class={result ? 'primary' : ''} autoFocus onClick={() => (asked.value = null)}>Close</button></div>
    </div>
  );
}
