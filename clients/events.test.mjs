// A merchant's life heard by Polar's SDK: each webhook body is verified and parsed with its validateEvent.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { validateEvent, WebhookVerificationError } from "@polar-sh/sdk/webhooks.js";
import { known, life, newer, settled } from "./life.mjs";
import { polar, Receiver } from "./twin.mjs";

let receiver, endpoint;
before(async () => {
  receiver = await Receiver.listen();
  endpoint = await polar.webhooks.createWebhookEndpoint({ url: receiver.url, format: "raw", events: [...known, ...newer] });
});
after(() => receiver.close());

describe("played", () => {
  for (const [chapter, play] of Object.entries(life)) test(chapter, play);
});

describe("heard", () => {
  before(settled);
  for (const type of known) {
    test(type, () => {
      const calls = receiver.calls.filter((c) => c.type === type);
      assert.notEqual(calls.length, 0, "none came");
      for (const call of calls) {
        const event = validateEvent(call.body, call.headers, endpoint.secret);
        assert.equal(event.type, type);
        assert.ok(event.timestamp instanceof Date);
      }
    });
  }
  for (const type of newer) {
    test(`${type}, which this SDK does not know`, () => {
      const calls = receiver.calls.filter((c) => c.type === type);
      assert.notEqual(calls.length, 0, "none came");
      for (const call of calls) assert.throws(() => validateEvent(call.body, call.headers, endpoint.secret), (e) => String(e.cause).includes("Unknown event type"));
    });
  }
  test("nothing else", () => {
    assert.deepEqual(receiver.types().filter((t) => ![...known, ...newer].includes(t)), []);
  });
  test("what was tampered with is refused", () => {
    const [{ body, headers }] = receiver.calls;
    assert.throws(() => validateEvent(body.replace('"type"', '"typo"'), headers, endpoint.secret), WebhookVerificationError);
    assert.throws(() => validateEvent(body, headers, "whsec_another"), WebhookVerificationError);
  });
});
