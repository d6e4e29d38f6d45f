// What a merchant's server does: customers, checkouts, subscriptions, orders, refunds.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { AlreadyCanceledSubscription } from "@polar-sh/sdk/models/errors/alreadycanceledsubscription.js";
import { ExpiredCheckoutError } from "@polar-sh/sdk/models/errors/expiredcheckouterror.js";
import { HTTPValidationError } from "@polar-sh/sdk/models/errors/httpvalidationerror.js";
import { NotOpenCheckout } from "@polar-sh/sdk/models/errors/notopencheckout.js";
import { PaymentError } from "@polar-sh/sdk/models/errors/paymenterror.js";
import { RefundedAlready } from "@polar-sh/sdk/models/errors/refundedalready.js";
import { ResourceNotFound } from "@polar-sh/sdk/models/errors/resourcenotfound.js";
import { SDKError } from "@polar-sh/sdk/models/errors/sdkerror.js";
import { Polar } from "@polar-sh/sdk";
import { cards, control, later, seeded, url } from "../twin.mjs";
import { polar } from "./traced.mjs";

const nowhere = "00000000-0000-4000-8000-000000000000";
const total = (page) => page.result.pagination.totalCount;

describe("sales", () => {
  let pro, yearly, pack, kim, sam, subscription, order;
  before(async () => {
    [pro, yearly, pack] = [await seeded("pro"), await seeded("pro-yearly"), await seeded("credits-1000")];
  });

  test("customers", async () => {
    const made = await polar.customers.create({ email: "Kim@example.com", name: "Kim", externalId: "kim-1", taxId: "DE123456789", billingAddress: { country: "DE", city: "Bonn" }, metadata: { vip: true, score: 4.5, since: 2026 } });
    kim = await polar.customers.update({ id: made.id, customerUpdate: { name: "Kim Lee" } });
    assert.deepEqual([kim.type, kim.name, kim.metadata], ["individual", "Kim Lee", { vip: true, score: 4.5, since: 2026 }]);
    assert.equal((await polar.customers.updateExternal({ externalId: "kim-1", customerUpdateExternalID: { locale: "de" } })).id, kim.id);
    assert.equal((await polar.customers.get({ id: kim.id })).externalId, "kim-1");
    assert.equal((await polar.customers.getExternal({ externalId: "kim-1" })).email, kim.email);
    assert.deepEqual((await polar.customers.getState({ id: kim.id })).activeSubscriptions, []);
    assert.equal((await polar.customers.getStateExternal({ externalId: "kim-1" })).id, kim.id);
    assert.equal(total(await polar.customers.list({ email: "kim@EXAMPLE.com" })), 1);
    await assert.rejects(polar.customers.create({ email: "kim@example.com" }), (e) => e instanceof HTTPValidationError && e.detail[0].loc.join(".") === "body.email");
    await assert.rejects(polar.customers.update({ id: kim.id, customerUpdate: { externalId: "kim-2" } }), HTTPValidationError);
    await assert.rejects(polar.customers.get({ id: nowhere }), ResourceNotFound);
    sam = (await polar.customers.list({ email: "sam@example.com" })).result.items[0];
    assert.equal((await polar.customers.getState({ id: sam.id })).activeMeters.length, 2);
  });

  test("team customers and their members", async () => {
    const team = await polar.customers.create({ type: "team", name: "Kim & Co", email: "office@example.com", owner: { email: "owner@example.com", name: "Olu" } });
    assert.equal(team.type, "team");
    assert.equal((await polar.members.listMembers({ customerId: team.id })).result.items[0].role, "owner");
    const member = await polar.members.createMember({ customerId: team.id, email: "mo@example.com", name: "Mo", externalId: "mo-1", role: "member" });
    assert.equal((await polar.members.getMember({ id: member.id })).email, "mo@example.com");
    assert.equal((await polar.members.updateMember({ id: member.id, memberUpdate: { role: "billing_manager" } })).role, "billing_manager");
    const second = await polar.members.createMember({ customerId: team.id, email: "mi@example.com" });
    await polar.members.deleteMember({ id: second.id });
    assert.equal(total(await polar.members.listMembers({ customerId: team.id })), 2);
    const byExternal = { externalId: "mo-1", customerId: team.id };
    assert.equal((await polar.members.getMemberByExternalId(byExternal)).id, member.id);
    assert.equal((await polar.members.updateMemberByExternalId({ ...byExternal, memberUpdate: { name: "Moe" } })).name, "Moe");
    await assert.rejects(polar.members.getMemberByExternalId({ externalId: "mo-1" }), HTTPValidationError);
    await assert.rejects(polar.members.getMemberByExternalId({ ...byExternal, externalId: "mo-2" }), ResourceNotFound);
    await polar.members.deleteMemberByExternalId(byExternal);
    await assert.rejects(polar.members.getMember({ id: member.id }), ResourceNotFound);
  });

  test("checkouts", async () => {
    const made = await polar.checkouts.create({ products: [pro.id, yearly.id], externalCustomerId: "kim-1", successUrl: "http://localhost/done?id={CHECKOUT_ID}", metadata: { from: "pricing" } });
    assert.equal(made.successUrl, `http://localhost/done?id=${made.id}`);
    assert.equal((await polar.checkouts.update({ id: made.id, checkoutUpdate: { customerName: "Kim L." } })).customerName, "Kim L.");
    const { clientSecret } = made;
    const buyer = new Polar({ serverURL: url }); // the page of a checkout has no token
    assert.equal((await buyer.checkouts.clientGet({ clientSecret })).organization.slug, "lumen");
    assert.equal((await polar.checkouts.clientGet({ clientSecret })).products.length, 2);
    const priced = await polar.checkouts.clientUpdate({ clientSecret, checkoutUpdatePublic: { discountCode: "launch20" } });
    assert.equal(priced.totalAmount, 1920);
    const confirm = (confirmationTokenId) => polar.checkouts.clientConfirm({ clientSecret, checkoutConfirmStripe: { confirmationTokenId, customerBillingAddress: { country: "DE" } } });
    await assert.rejects(confirm(cards.declined), PaymentError);
    assert.equal((await confirm(cards.succeeds)).status, "confirmed");
    await assert.rejects(confirm(cards.succeeds), NotOpenCheckout);
    const done = await polar.checkouts.get({ id: made.id });
    assert.equal(done.status, "succeeded");
    assert.equal(total(await polar.checkouts.list({ status: "succeeded", externalCustomerId: "kim-1" })), 1);
    await assert.rejects(polar.checkouts.create({ products: [nowhere] }), (e) => e instanceof HTTPValidationError && e.detail[0].loc.join(".") === "body.products.0");
    await assert.rejects(polar.checkouts.clientGet({ clientSecret: "polar_c_unknown" }), ResourceNotFound);
    subscription = done.subscriptionId;
  });

  test("subscriptions", async () => {
    const change = (subscriptionUpdate) => polar.subscriptions.update({ id: subscription, subscriptionUpdate });
    assert.equal((await polar.subscriptions.get({ id: subscription })).metadata.from, "pricing");
    assert.equal(total(await polar.subscriptions.list({ externalCustomerId: "kim-1", active: true, metadata: { from: "pricing" } })), 1);
    assert.equal((await change({ cancelAtPeriodEnd: true, customerCancellationReason: "unused" })).cancelAtPeriodEnd, true);
    assert.equal((await change({ cancelAtPeriodEnd: false })).canceledAt, null);
    assert.equal((await change({ productId: yearly.id, prorationBehavior: "invoice" })).productId, yearly.id);
    assert.equal((await change({ discountId: null })).discountId, null);
    const end = new Date(Date.now() + 400 * 86400e3);
    assert.equal((await change({ currentBillingPeriodEnd: end })).currentPeriodEnd.getTime(), end.getTime());
    const free = await polar.subscriptions.create({ productId: (await seeded("free")).id, customerId: (await polar.customers.create({ email: "free@example.com" })).id });
    assert.equal(free.status, "active");
    assert.equal((await polar.subscriptions.revoke({ id: free.id })).status, "canceled");
    await assert.rejects(polar.subscriptions.revoke({ id: free.id }), AlreadyCanceledSubscription);
    assert.equal((await polar.subscriptions.update({ id: subscription, subscriptionUpdate: { cancelAtPeriodEnd: true } })).status, "active");
    await assert.rejects(change({ productId: pro.id }), AlreadyCanceledSubscription);
  });

  test("orders, invoices and payments", async () => {
    const pages = await polar.orders.list({ customerId: sam.id });
    assert.deepEqual([pages.result.items.length, total(pages)], [10, 15]);
    const counted = [];
    for await (const page of await polar.orders.list({ customerId: sam.id, limit: 4 })) counted.push(page.result.items.length);
    assert.deepEqual(counted, [4, 4, 4, 3]);
    order = pages.result.items.find((o) => o.refundedAmount === 0);
    assert.equal((await polar.orders.get({ id: order.id })).invoiceNumber, order.invoiceNumber);
    const orderUpdate = { billingName: "Okafor Writing", billingAddress: { ...order.billingAddress, city: "Leeds", line1: "1 High Street" } };
    assert.equal((await polar.orders.update({ id: order.id, orderUpdate })).billingName, "Okafor Writing");
    await assert.rejects(polar.orders.update({ id: order.id, orderUpdate: { billingAddress: { country: "AQ" } } }), HTTPValidationError);
    await polar.orders.generateInvoice({ id: order.id });
    await later("10s");
    const pdf = await fetch((await polar.orders.invoice({ id: order.id })).url);
    assert.equal((await pdf.text()).slice(0, 5), "%PDF-");
    const [payment] = (await polar.payments.list({ orderId: order.id })).result.items;
    assert.equal((await polar.payments.get({ id: payment.id })).status, "succeeded");
    const { id } = await control("disputes", { order_id: pages.result.items[5].id, status: "needs_response" });
    assert.equal((await polar.disputes.get({ id })).status, "needs_response");
    assert.equal(total(await polar.disputes.list({})), 1);
    await assert.rejects(polar.disputes.get({ id: nowhere }), ResourceNotFound);
  });

  test("refunds", async () => {
    const refund = (amount) => polar.refunds.create({ orderId: order.id, reason: "customer_request", amount, comment: "Sorry" });
    assert.equal((await refund(100)).amount, 100);
    await assert.rejects(refund(order.netAmount), HTTPValidationError);
    await refund(order.netAmount - 100);
    await assert.rejects(refund(1), RefundedAlready);
    assert.equal(total(await polar.refunds.list({ orderId: order.id })), 2);
    assert.equal((await polar.orders.get({ id: order.id })).status, "refunded");
  });

  test("a checkout that expired, a token that is wrong", async () => {
    const { clientSecret } = await polar.checkouts.create({ products: [pack.id] });
    await later("25h");
    await assert.rejects(polar.checkouts.clientGet({ clientSecret }), ExpiredCheckoutError);
    await assert.rejects(new Polar({ accessToken: "polar_oat_wrong", serverURL: url }).products.list({}), (e) => e instanceof SDKError && e.statusCode === 401);
  });

  test("goodbye", async () => {
    await polar.customers.deleteExternal({ externalId: "kim-1" });
    await assert.rejects(polar.customers.getExternal({ externalId: "kim-1" }), ResourceNotFound);
    await polar.customers.delete({ id: (await polar.customers.create({ email: "kim@example.com" })).id, anonymize: true });
  });
});
