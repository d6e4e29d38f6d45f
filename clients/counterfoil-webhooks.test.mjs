// Webhooks at the path of Polar's plugin, signed by the Standard Webhooks library in both of the provider's schemes.
// The number in brackets is that of the conformance checklist in docs/better-auth.md.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { portal } from "./portal.mjs";

const secret = process.env.WEBHOOK_SECRET;
const base64 = (key) => Buffer.from(key).toString("base64");

// The library wants its key as base64: of the whole text in the legacy scheme, of what the text stands for in the standard one.
const signers = {
  legacy: new Webhook(base64(secret)),
  standard: new Webhook(base64(Buffer.from(secret.slice("whsec_".length), "base64"))),
};

const payload = JSON.stringify({ type: "parcel.teleported", timestamp: new Date().toISOString(), data: { id: "ünïcödé" } });

// deliver sends what was signed; change may spoil it on its way.
async function deliver(signer, id, change = (call) => call) {
  const at = new Date();
  const headers = {
    "content-type": "application/json", "webhook-id": id, "webhook-timestamp": String(Math.floor(at / 1000)), "webhook-signature": signer.sign(id, at, payload),
  };
  const call = change({ body: payload, headers });
  const res = await fetch(`${portal}/api/auth/polar/webhooks`, { method: "POST", ...call });
  return [res.status, await res.json()];
}

test("a webhook is received in either scheme, once and again, and an altered one is not (19)", async () => {
  const received = [200, { received: true }], refused = [400, { message: "Webhook Error: No matching signature found" }];
  for (const [scheme, signer] of Object.entries(signers)) {
    assert.deepEqual(await deliver(signer, `evt_${scheme}`), received);
    assert.deepEqual(await deliver(signer, `evt_${scheme}`), received, "the same again");
    assert.deepEqual(await deliver(signer, `evt_${scheme}_2`, (c) => ({ ...c, body: c.body.replace("teleported", "stolen") })), refused);
    assert.deepEqual(await deliver(signer, `evt_${scheme}_3`, (c) => ({ ...c, headers: { ...c.headers, "webhook-id": "evt_other" } })), refused);
    assert.deepEqual(await deliver(new Webhook(base64("another secret of its own")), `evt_${scheme}_4`), refused);
  }
});
