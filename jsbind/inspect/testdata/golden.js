// Rewrites the expected texts in values.txt and format.txt with what Node
// prints: node golden.js (v20). A case below a line that starts with "!" is
// kept as it is: there the inspector differs on purpose, and the line says why.
'use strict';
const fs = require('fs');
const path = require('path');
const util = require('util');

Error.stackTraceLimit = 0;
const options = { depth: 4, breakLength: 80, compact: 3 };

const printers = {
  'values.txt': (v) => util.inspect(v, options),
  'format.txt': (v) => util.formatWithOptions(options, ...v),
};

for (const [name, print] of Object.entries(printers)) {
  const file = path.join(__dirname, name);
  const out = [];
  let kept = false;
  let keeping = true;
  for (const line of fs.readFileSync(file, 'utf8').split('\n')) {
    if (line.startsWith('# ') || line.startsWith('! ')) {
      kept = line.startsWith('! ');
      keeping = true;
      out.push(line);
    } else if (line.startsWith('> ')) {
      out.push(line);
      keeping = kept;
      if (!kept) {
        out.push(...print((0, eval)(`(${line.slice(2)})`)).split('\n').map((s) => `  ${s}`));
      }
      kept = false;
    } else if (keeping) {
      out.push(line);
    }
  }
  fs.writeFileSync(file, `${out.join('\n').trimEnd()}\n`);
}
