// A mock daemon to look at: node mock/serve.mjs [SCENARIO] [PORT]
import { MockDaemon, TOKENS } from './daemon.mjs';
import { SCENARIOS } from './scenarios.mjs';

const [scenario = 'calm', port = '9180'] = process.argv.slice(2);
if (!SCENARIOS[scenario]) {
  console.error(`no scenario ${scenario}; there are: ${Object.keys(SCENARIOS).join(' ')}`);
  process.exit(2);
}
const daemon = await MockDaemon.start({ scenario, port: Number(port) });
console.log(`${daemon.url}  scenario ${scenario}; tokens: ${Object.keys(TOKENS).join(' ')}`);
