import { render } from 'preact';
import { begin, startClock } from './live/store';
import { App } from './ui/app';

const root = document.getElementById('app');
if (root) render(<App />, root);
startClock();
void begin();
