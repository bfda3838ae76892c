// feelin: from text only, it keeps no tree. The library stands in the folder that is named on the command line.
// Of a table over rows it is given the conditions of the rules, which it tries one after another.
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.argv[2]}/package.json`);
const { evaluate } = await import(pathToFileURL(require.resolve('feelin')).href);
const prepared = new Map();

function decide({ rules, facts, adds }) {
  return facts.map((each) => {
    let total = 0;
    for (const [text, output] of rules) {
      if (evaluate(text, each).value !== true) continue;
      if (!adds) return output;
      total += output;
    }
    return total;
  });
}

function prepare({ text, variables, mode, table }) {
  if (table) {
    const numbers = BigInt64Array.from(decide(table), BigInt);
    return [() => decide(table), createHash('sha256').update(Buffer.from(numbers.buffer)).digest('hex').slice(0, 16)];
  }
  if (mode !== 'text') throw new Error('keeps no tree');
  const { value, warnings } = evaluate(text, variables);
  if (warnings.length) throw new Error(warnings[0].message);
  return [() => evaluate(text, variables).value, value];
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  let answer;
  if ('prepare' in message) {
    try {
      const start = process.hrtime.bigint();
      const [action, value] = prepare(message.task);
      prepared.set(message.prepare, action);
      answer = { first: Number(process.hrtime.bigint() - start) / 1e9, value };
    } catch (error) {
      answer = { refused: String(error).split('\n')[0].slice(0, 80) };
    }
  } else if ('forget' in message) {
    prepared.clear();
    answer = {};
  } else {
    const action = prepared.get(message.run);
    let seconds = Infinity;
    for (let go = 0; go < message.goes; go++) {
      const start = process.hrtime.bigint();
      for (let loop = 0; loop < message.loops; loop++) action();
      seconds = Math.min(seconds, Number(process.hrtime.bigint() - start) / 1e9 / message.loops);
    }
    answer = { seconds };
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
