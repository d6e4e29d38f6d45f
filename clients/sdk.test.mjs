// Every operation of Polar's SDK that the twin serves, called through the SDK: its schemas accept each answer,
// and refusals arrive as its typed errors.
import assert from "node:assert/strict";
import { test } from "node:test";
import "./sdk/catalog.mjs";
import "./sdk/sales.mjs";
import "./sdk/reports.mjs";
import "./sdk/portal.mjs";
import { called, operations } from "./sdk/traced.mjs";
import { unserved } from "./sdk/unserved.mjs";

test("every operation was called, but for those that the twin does without", (t) => {
  const all = operations();
  const missing = all.filter((name) => !called.has(name) && !unserved.includes(name));
  t.diagnostic(`${called.size} of ${all.length} operations answered`);
  assert.deepEqual(missing, []);
  assert.deepEqual(unserved.filter((name) => called.has(name) || !all.includes(name)), [], "are served, or do not exist");
});
