// feelin: from text only, it keeps no tree. The library stands in the folder that is named on the command line.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.argv[2]}/package.json`);
const { evaluate } = await import(pathToFileURL(require.resolve('feelin')).href);
const prepared = new Map();

function prepare({ text, variables, mode }) {
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
      const [action, value] = prepare(message.task);
      prepared.set(message.prepare, action);
      answer = { value };
    } catch (error) {
      answer = { refused: String(error).split('\n')[0].slice(0, 80) };
    }
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
