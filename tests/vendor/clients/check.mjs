let checks = 0;
let failed = 0;

export async function check(name, run) {
  checks += 1;
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.stack || JSON.stringify(error)}`);
  }
}

export function is(actual, expected, what = '') {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (got !== wanted) throw new Error(`${what}: ${got} is not ${wanted}`);
}

export function summary() {
  console.log(`checks: ${checks}`);
  process.exit(failed === 0 ? 0 : 1);
}

/** A lever of the mock channels. */
export async function pull(levers, path, body = {}) {
  const response = await fetch(`${levers}/${path}`, { method: 'POST', body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`);
  return answer;
}
