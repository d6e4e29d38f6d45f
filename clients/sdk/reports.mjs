// What a merchant's server reports and is told: usage, exports, metrics, webhook endpoints and deliveries.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { HTTPValidationError } from "@polar-sh/sdk/models/errors/httpvalidationerror.js";
import { RFCDate } from "@polar-sh/sdk/types/rfcdate.js";
import { buy } from "../life.mjs";
import { Receiver, seeded } from "../twin.mjs";
import { polar } from "./traced.mjs";

const nowhere = "00000000-0000-4000-8000-000000000000";
const total = (page) => page.result.pagination.totalCount;

describe("reports", () => {
  let reporter;
  before(async () => {
    reporter = await polar.customers.create({ email: "reporter@example.com", externalId: "reporter-1" });
    await buy(await seeded("pro"), { externalCustomerId: "reporter-1" });
  });

  test("usage", async () => {
    const event = { name: "ai_usage", externalCustomerId: "reporter-1", externalId: "once", metadata: { credits: 5, cost: 0.25, _cost: { amount: 0.5, currency: "usd" }, _llm: { vendor: "v", model: "m", inputTokens: 1, outputTokens: 2, totalTokens: 3 } } };
    assert.deepEqual(await polar.events.ingest({ events: [event, event] }), { inserted: 1, duplicates: 1 });
    await assert.rejects(polar.events.ingest({ events: [{ name: "ai_usage", customerId: nowhere }] }), HTTPValidationError);
    const [kept] = (await polar.events.list({ externalCustomerId: "reporter-1", source: "user" })).items;
    assert.equal((await polar.events.get({ id: kept.id })).name, "ai_usage");
    assert.ok((await polar.events.listNames({})).result.items.some((n) => n.name === "meter.credited" && n.source === "system"));
    let page = 0, systems;
    do {
      systems = await polar.events.list({ source: "system", limit: 100, page: ++page });
      assert.ok(systems.items.every((e) => e.source === "system"));
    } while (page < systems.pagination.maxPage);
    const [type] = (await polar.eventTypes.list({})).result.items;
    assert.equal((await polar.eventTypes.update({ id: type.id, eventTypeUpdate: { label: "Renamed" } })).label, "Renamed");
    const [meter] = (await polar.customerMeters.list({ externalCustomerId: "reporter-1" })).result.items;
    assert.equal((await polar.customerMeters.get({ id: meter.id })).customer.id, reporter.id);
    assert.ok(total(await polar.benefitGrants.list({ externalCustomerId: "reporter-1", isGranted: true })) > 0);
  });

  test("exports", async () => {
    for (const list of [polar.customers, polar.orders, polar.subscriptions]) assert.match(await text(await list.export({})), /sam@example\.com/);
  });

  test("metrics", async () => {
    assert.ok((await polar.metrics.limits()).intervals.month.maxDays > 90);
    const range = { startDate: new RFCDate(new Date(Date.now() - 90 * 86400e3)), endDate: new RFCDate(new Date()), interval: "month" };
    assert.ok((await polar.metrics.get(range)).totals.orders > 0);
  });

  test("webhook endpoints and deliveries", async () => {
    const receiver = await Receiver.listen();
    const endpoint = await polar.webhooks.createWebhookEndpoint({ url: receiver.url, format: "raw", events: ["customer.updated"], name: "A test" });
    await polar.customers.update({ id: reporter.id, customerUpdate: { name: "Re Porter" } });
    await receiver.heard("customer.updated");
    let deliveries = [];
    while (deliveries.length === 0) { // the answer is kept a moment after it was given
      await new Promise((again) => setTimeout(again, 25));
      deliveries = (await polar.webhooks.listWebhookDeliveries({ endpointId: endpoint.id, succeeded: true })).result.items;
    }
    await polar.webhooks.redeliverWebhookEvent({ id: deliveries[0].webhookEvent.id });
    await receiver.until((calls) => calls.length === 2);
    assert.equal((await polar.webhooks.updateWebhookEndpoint({ id: endpoint.id, webhookEndpointUpdate: { enabled: false } })).enabled, false);
    assert.notEqual((await polar.webhooks.resetWebhookEndpointSecret({ id: endpoint.id })).secret, endpoint.secret);
    assert.equal((await polar.webhooks.getWebhookEndpoint({ id: endpoint.id })).name, "A test");
    assert.equal(total(await polar.webhooks.listWebhookEndpoints({})), 1);
    await polar.webhooks.deleteWebhookEndpoint({ id: endpoint.id });
    receiver.close();
  });
});

// text reads what an export answers: CSV, parsed as text, or a stream.
async function text(answer) {
  return typeof answer === "string" ? answer : new Response(answer).text();
}
