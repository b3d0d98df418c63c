// TEALGATE_TLS=1: https and wss; whom to trust is said by NODE_EXTRA_CA_CERTS.
const secure = process.env.TEALGATE_TLS ? 's' : '';
export const originAt = (port) => `http${secure}://127.0.0.1:${port}`;
export const socketAt = (port) => `ws${secure}://127.0.0.1:${port}`;

// Runs one of `checks` by name: `node FILE NAME PORT`; ends with 0 if it holds.
export async function run(checks) {
  const [name, port] = process.argv.slice(2);
  const impatience = setTimeout(() => fail(new Error('too late')), 120_000);
  const fail = (error) => {
    console.error(error);
    process.exit(1);
  };
  try {
    await checks[name](Number(port));
  } catch (error) {
    fail(error);
  }
  clearTimeout(impatience);
  process.exit(0);
}
