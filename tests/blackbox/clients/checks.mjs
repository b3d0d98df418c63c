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
