// The totals under the traffic are those that the load generator counted, also of what is asked while the page is open and
// after it was loaded anew.
import { stage, visit } from './visit.mjs';

async function showsTheTotals(page) {
  const { requests, errors } = await stage('totals');
  const words = new RegExp(`^${grouped(requests)} requests, ${grouped(errors)} errors`);
  await page.locator('.ribbon .totals', { hasText: words }).waitFor();
}

const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, '\\s');

await visit(async (page) => {
  await showsTheTotals(page);
  await stage('ask');
  await showsTheTotals(page);
  await page.reload();
  await showsTheTotals(page);
});
