// What happened, newest first.
import { events, now } from '../live/store';
import type { DaemonEvent } from '../model/contract';
import { moment, zone } from '../model/format';
import { told } from '../model/told';
import type { Shape } from '../model/words';
import { StateIcon } from './icons';

const SHOWN = 60;
const SHAPES: Record<DaemonEvent['level'], Shape | null> = { info: null, warning: 'warn', error: 'down' };

function shapeOf(event: DaemonEvent): Shape | null {
  if (event.event === 'server.up') return 'up';
  return SHAPES[event.level];
}

export function EventList({ service }: { service: string | null }) {
  const shown = events.value.filter((event) => service === null || !event.service || event.service === service).slice(-SHOWN).reverse();
  return (
    <section class="events panel" aria-labelledby="events">
      <div class="caption">
        <h2 id="events">Events</h2>
        <span class="gap" />
        <span class="quiet">newest first{service === null && ` · times in ${zone(new Date().getTimezoneOffset())}`}</span>
      </div>
      <ol tabIndex={0} aria-labelledby="events">
        {shown.map((event) => <EventLine key={event.id} event={event} withService={service === null} />)}
        {shown.length === 0 && <li class="empty">Nothing has happened since the daemon started.</li>}
      </ol>
    </section>
  );
}

function EventLine({ event, withService }: { event: DaemonEvent; withService: boolean }) {
  const shape = shapeOf(event);
  const { what, doer, isRelease } = told(event);
  return (
    <li class={`is-${event.level}${isRelease ? ' is-release' : ''}`}>
      <time dateTime={event.at}>{moment(new Date(event.at), new Date(now.value * 1000))}</time>
      {shape ? <StateIcon shape={shape} /> : <span class="dot" aria-hidden="true" />}
      <span class="told">
        {withService && event.service && <b>{event.service} </b>}
        {what}
        {doer && <span class="quiet"> {doer}</span>}
      </span>
    </li>
  );
}
