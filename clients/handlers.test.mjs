// The same life heard by the Better Auth plugin: the twin delivers to a real Better Auth server, which calls
// each of its handlers.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { known, life, settled } from "./life.mjs";
import { handlers, open } from "./merchant.mjs";

let site;
before(async () => {
  site = await open({ products: [], events: known });
});
after(() => site.close());

describe("played", () => {
  for (const [chapter, play] of Object.entries(life)) test(chapter, play);
});

describe("handled", () => {
  before(settled);
  for (const [handler, type] of Object.entries(handlers)) {
    test(handler, () => {
      const events = site.handled[handler] ?? [];
      assert.notEqual(events.length, 0, "was never called");
      assert.deepEqual([...new Set(events.map((e) => e.type))], [type]);
    });
  }
  test("onPayload, with every type", () => {
    assert.deepEqual(known.filter((type) => !site.seen.some((event) => event.type === type)), [], "were never handled");
  });
  test("every delivery was accepted", () => {
    assert.deepEqual([...new Set(site.answers)], [200]);
    assert.equal(site.answers.length, site.seen.length);
  });
  test("a body that was tampered with is refused", async () => {
    const headers = { "content-type": "application/json", "webhook-id": "1", "webhook-timestamp": String(Math.floor(Date.now() / 1000)), "webhook-signature": "v1,AAAA" };
    const res = await fetch(site.endpoint.url, { method: "POST", headers, body: '{"type":"order.paid"}' });
    assert.equal(res.status, 400);
    assert.match((await res.json()).message, /^Webhook Error: No matching signature found/);
  });
});
