// The Standard Webhooks library verifies what the twin sends, in both of the provider's signing schemes.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { polar, Receiver, token, url } from "./twin.mjs";

// endpoint makes a webhook endpoint at the twin. The scheme is the twin's own field: the provider decides by
// the age of the secret.
async function endpoint(receiver, standard) {
  const body = { url: receiver.url, format: "raw", events: ["product.updated"], twin_standard: standard };
  const res = await fetch(`${url}/v1/webhooks/endpoints`, {
    method: "POST", headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: JSON.stringify(body),
  });
  assert.equal(res.status, 201);
  return res.json();
}

// The legacy key is the text of the whole secret, so the library gets it as base64; the standard one is
// what the library expects.
const schemes = [
  { name: "legacy", standard: false, library: (secret) => new Webhook(Buffer.from(secret, "utf8").toString("base64")) },
  { name: "standard", standard: true, library: (secret) => new Webhook(secret) },
];

for (const scheme of schemes) {
  describe(scheme.name, () => {
    let receiver, made, call;
    before(async () => {
      receiver = await Receiver.listen();
      made = await endpoint(receiver, scheme.standard);
      const [product] = (await polar.products.list({ limit: 1 })).result.items;
      await polar.products.update({ id: product.id, productUpdate: { description: `Signed, ${scheme.name}: ünïcödé` } });
      [call] = await receiver.heard("product.updated");
    });
    after(async () => {
      receiver.close();
      await polar.webhooks.deleteWebhookEndpoint({ id: made.id });
    });

    test("is verified", () => {
      const event = scheme.library(made.secret).verify(call.body, call.headers);
      assert.equal(event.type, "product.updated");
      assert.match(event.data.description, /ünïcödé/);
      assert.match(made.secret, /^whsec_/);
    });

    const tampered = {
      "another body": () => [call.body.replace("Signed", "Forged"), call.headers],
      "another id": () => [call.body, { ...call.headers, "webhook-id": "00000000-0000-4000-8000-000000000000" }],
      "another second": () => [call.body, { ...call.headers, "webhook-timestamp": String(Number(call.headers["webhook-timestamp"]) + 1) }],
      "an old call": () => [call.body, { ...call.headers, "webhook-timestamp": String(Number(call.headers["webhook-timestamp"]) - 3600) }],
      "no signature": () => [call.body, { ...call.headers, "webhook-signature": "" }],
      "another signature": () => [call.body, { ...call.headers, "webhook-signature": `v1,${Buffer.alloc(32).toString("base64")}` }],
    };
    for (const [what, change] of Object.entries(tampered)) {
      test(`refuses ${what}`, () => {
        assert.throws(() => scheme.library(made.secret).verify(...change()), WebhookVerificationError);
      });
    }

    test("refuses the other scheme's key", () => {
      const other = schemes.find((s) => s !== scheme).library;
      let key;
      try {
        key = other(made.secret);
      } catch {
        return; // the library does not even take such a secret
      }
      assert.throws(() => key.verify(call.body, call.headers), WebhookVerificationError);
    });

    test("a new secret holds at once, the old one no longer", async () => {
      const renewed = await polar.webhooks.resetWebhookEndpointSecret({ id: made.id });
      assert.notEqual(renewed.secret, made.secret);
      const before = receiver.calls.length;
      const [product] = (await polar.products.list({ limit: 1 })).result.items;
      await polar.products.update({ id: product.id, productUpdate: { description: "Signed anew" } });
      const next = (await receiver.until((calls) => calls.length > before))[before];
      assert.equal(scheme.library(renewed.secret).verify(next.body, next.headers).data.description, "Signed anew");
      assert.throws(() => scheme.library(made.secret).verify(next.body, next.headers), WebhookVerificationError);
    });
  });
}

test("a repeated delivery keeps its id and is signed for its own time", async () => {
  const receiver = await Receiver.listen((n) => (n < 3 ? 500 : 204));
  const made = await endpoint(receiver, false);
  const [product] = (await polar.products.list({ limit: 1 })).result.items;
  await polar.products.update({ id: product.id, productUpdate: { description: "Tried again" } });
  const calls = await receiver.until((all) => all.length === 3);
  assert.equal(new Set(calls.map((c) => c.headers["webhook-id"])).size, 1);
  for (const call of calls) schemes[0].library(made.secret).verify(call.body, call.headers);
  receiver.close();
  await polar.webhooks.deleteWebhookEndpoint({ id: made.id });
});
