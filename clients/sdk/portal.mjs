// What a customer's page does with a session of theirs: orders, subscriptions, benefits, cards, seats, keys.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { PaymentMethodInUseByActiveSubscription } from "@polar-sh/sdk/models/errors/paymentmethodinusebyactivesubscription.js";
import { ResourceNotFound } from "@polar-sh/sdk/models/errors/resourcenotfound.js";
import { buy } from "../life.mjs";
import { cards, control, everything, later, letter, seeded, token } from "../twin.mjs";
import { polar, signedIn } from "./traced.mjs";
import { needs } from "./unserved.mjs";

const nowhere = "00000000-0000-4000-8000-000000000000";
const total = (page) => page.result.pagination.totalCount;

// session opens the portal of a customer.
async function session(externalCustomerId) {
  return { customerSession: (await polar.customerSessions.create({ externalCustomerId })).token };
}

describe("portal", () => {
  const { customerPortal: portal } = polar;
  let pro, pack, me;
  before(async () => {
    [pro, pack] = [await seeded("pro"), await seeded("credits-1000")];
    await polar.customers.create({ email: "portal@example.com", externalId: "portal-1", name: "P. Ortal" });
    await buy(pro, { externalCustomerId: "portal-1" });
    await buy(pack, { externalCustomerId: "portal-1" });
    me = await session("portal-1");
  });

  test("who I am", async () => {
    assert.equal((await portal.customers.get(me)).email, "portal@example.com");
    assert.equal((await portal.customers.update(me, { billingName: "Portal Ltd", billingAddress: { country: "FR", city: "Lyon", line1: "1 rue", postalCode: "69001" } })).billingName, "Portal Ltd");
    const introspected = await portal.customerSession.introspect(me);
    assert.ok(introspected.expiresAt > new Date());
    await portal.customerSession.getAuthenticatedUser(me);
    assert.equal((await portal.organizations.get({ slug: "lumen" })).organization.slug, "lumen");
    await assert.rejects(portal.organizations.get({ slug: "nobody" }), ResourceNotFound);
    await assert.rejects(portal.customers.get({ customerSession: token }), (e) => e.statusCode === 401);
  });

  test("another e-mail address", needs("customerPortal.customers.requestEmailUpdate", "customerPortal.customers.verifyEmailUpdate"), async () => {
    await portal.customers.requestEmailUpdate(me, { email: "new@example.com" });
    const code = /\S{20,}(?=\s*$)/.exec(await letter("new@example.com"))[0].split("token=").at(-1);
    await portal.customers.checkEmailUpdate({ token: code });
    await portal.customers.verifyEmailUpdate({ token: code });
    assert.equal((await polar.customers.getExternal({ externalId: "portal-1" })).email, "new@example.com");
  });

  test("my orders", async () => {
    const orders = (await portal.orders.list(me, { sorting: ["-created_at"] })).result.items;
    assert.deepEqual(orders.map((o) => o.billingReason), ["purchase", "subscription_create"]);
    assert.equal(total(await portal.orders.list(me, { productBillingType: "one_time" })), 1);
    const [{ id }] = orders;
    assert.equal((await portal.orders.get(me, { id })).product.id, pack.id);
    await assert.rejects(portal.orders.invoice(me, { id }), (e) => e.statusCode === 404);
    const customerOrderUpdate = { billingName: "Portal Ltd", billingAddress: { ...orders[0].billingAddress, city: "Bonn", line1: "Am Markt 1" } };
    assert.equal((await portal.orders.update(me, { id, customerOrderUpdate })).billingName, "Portal Ltd");
    await portal.orders.generateInvoice(me, { id });
    await later("10s");
    assert.equal((await (await fetch((await portal.orders.invoice(me, { id })).url)).text()).slice(0, 5), "%PDF-");
    assert.equal((await portal.orders.getPaymentStatus(me, { id })).status, "succeeded");
    const [other] = (await polar.orders.list({ customerId: (await polar.customers.list({ email: "sam@example.com" })).result.items[0].id })).result.items;
    await assert.rejects(portal.orders.get(me, { id: other.id }), ResourceNotFound);
  });

  test("my subscription", async () => {
    const [{ id }] = (await portal.subscriptions.list(me, { active: true })).result.items;
    assert.equal((await portal.subscriptions.get(me, { id })).product.id, pro.id);
    const change = (customerSubscriptionUpdate) => portal.subscriptions.update(me, { id, customerSubscriptionUpdate });
    assert.equal((await change({ productId: (await seeded("pro-yearly")).id })).product.name, "Pro yearly");
    assert.equal((await portal.subscriptions.cancel(me, { id })).cancelAtPeriodEnd, true);
    assert.equal((await change({ cancelAtPeriodEnd: false })).cancelAtPeriodEnd, false);
    await assert.rejects(portal.subscriptions.get(me, { id: nowhere }), ResourceNotFound);
  });

  test("my benefits and meters", async () => {
    const grants = (await portal.benefitGrants.list(me, {})).result.items;
    assert.ok(grants.length >= 5);
    const custom = grants.find((g) => g.benefit.type === "custom");
    assert.equal((await portal.benefitGrants.get(me, { id: custom.id })).benefit.description, "Priority support");
    await portal.benefitGrants.update(me, { id: custom.id, customerBenefitGrantUpdate: { benefitType: "custom" } });
    const meters = (await portal.customerMeters.list(me, { query: "credits" })).result.items;
    assert.equal((await portal.customerMeters.get(me, { id: meters[0].id })).meter.name, "AI credits");
    await control("wallets", { customer_id: grants[0].customerId, currency: "usd", amount: 700 });
    const [wallet] = (await portal.wallets.list(me, {})).result.items;
    assert.equal((await portal.wallets.get(me, { id: wallet.id })).balance, 700);
    await assert.rejects(portal.wallets.get(me, { id: nowhere }), ResourceNotFound);
  });

  test("my cards, and a payment that failed", async () => {
    const add = (confirmationTokenId, setDefault) => portal.customers.addPaymentMethod(me, { confirmationTokenId, setDefault, returnUrl: "http://localhost/account" });
    const asked = await add(cards.bankAsks, true);
    assert.equal(asked.status, "requires_action");
    const confirmed = await portal.customers.confirmPaymentMethod(me, { setupIntentId: asked.clientSecret, setDefault: true });
    assert.equal(confirmed.paymentMethod.methodMetadata.last4, "3155");
    assert.equal((await add(cards.succeeds, false)).status, "succeeded");
    const methods = (await portal.customers.listPaymentMethods(me, {})).result.items;
    assert.deepEqual(methods.map((m) => m.methodMetadata.last4).sort(), ["3155", "4242"]);
    await portal.customers.deletePaymentMethod(me, { id: methods[0].id });
    await assert.rejects(portal.customers.deletePaymentMethod(me, { id: methods[1].id }), PaymentMethodInUseByActiveSubscription);
    await polar.customers.create({ email: "failing@example.com", externalId: "failing-1" });
    await buy(pro, { externalCustomerId: "failing-1" }, cards.failsLater);
    await later("768h");
    const failing = await session("failing-1");
    const [order] = (await portal.orders.list(failing, {})).result.items;
    assert.equal(order.status, "pending");
    await portal.orders.confirmRetryPayment(failing, { id: order.id, customerOrderConfirmPayment: { confirmationTokenId: cards.succeeds } });
    assert.equal((await portal.orders.get(failing, { id: order.id })).status, "paid");
    me = await session("portal-1"); // an hour has passed
  });

  test("files and licence keys", async () => {
    const key = await polar.benefits.create({ type: "license_keys", description: "A key", properties: { prefix: "LMN", activations: { limit: 1, enableCustomerAdmin: true }, limitUsage: 3 } });
    const files = (await polar.benefits.list({ typeFilter: "downloadables" })).result.items;
    const product = await polar.products.create({ name: "Desktop", prices: [{ amountType: "fixed", priceCurrency: "usd", priceAmount: 4900 }] });
    await polar.products.updateBenefits({ id: product.id, productBenefitsUpdate: { benefits: [key.id, ...files.map((f) => f.id)] } });
    await buy(product, { externalCustomerId: "portal-1" });
    const [mine] = (await portal.licenseKeys.list(me, {})).result.items;
    assert.match(mine.key, /^LMN/);
    const { id, key: secret, organizationId } = await portal.licenseKeys.get(me, { id: mine.id });
    const call = { key: secret, organizationId };
    for (const keys of [portal.licenseKeys, polar.licenseKeys]) {
      const activation = await keys.activate({ ...call, label: "Laptop", conditions: { version: 2 }, meta: { os: "plan9" } });
      assert.equal(activation.licenseKey.id, id);
      assert.equal((await polar.licenseKeys.getActivation({ id, activationId: activation.id })).label, "Laptop");
      assert.equal((await keys.validate({ ...call, activationId: activation.id, conditions: { version: 2 }, incrementUsage: 1 })).activation.id, activation.id);
      await assert.rejects(keys.activate({ ...call, label: "Second" }), (e) => e.statusCode === 403);
      await keys.deactivate({ ...call, activationId: activation.id });
    }
    assert.equal((await polar.licenseKeys.get({ id })).usage, 2);
    assert.equal(total(await polar.licenseKeys.list({ benefitId: key.id })), 1);
    assert.equal((await polar.licenseKeys.update({ id, licenseKeyUpdate: { status: "disabled" } })).status, "disabled");
    await assert.rejects(portal.licenseKeys.validate(call), ResourceNotFound);
    const downloads = (await portal.downloadables.list(me, {})).result.items;
    assert.equal(downloads.length, files.length);
    for (const download of downloads) assert.equal(await (await fetch(download.file.download.url)).text(), "Two hundred pages");
  });

  test("seats", async () => {
    const product = await polar.products.create({ name: "Studio", recurringInterval: "month", prices: [{ amountType: "seat_based", priceCurrency: "usd", seatTiers: { tiers: [{ minSeats: 1, pricePerSeat: 900 }] } }] });
    await polar.customers.create({ email: "studio@example.com", externalId: "studio-1" });
    const { subscriptionId, customerId } = await buy(product, { externalCustomerId: "studio-1", seats: 4 });
    const one = await polar.customerSeats.assignSeat({ subscriptionId, email: "one@example.com", metadata: { desk: 1 } });
    const seats = await polar.customerSeats.listSeats({ subscriptionId });
    assert.deepEqual([seats.totalSeats, seats.availableSeats], [4, 3]);
    await polar.customerSeats.resendInvitation({ seatId: one.id });
    const [invitationToken] = /\S{20,}(?=\s*$)/.exec(await letter("one@example.com"));
    assert.equal((await polar.customerSeats.getClaimInfo({ invitationToken })).customerEmail, "one@example.com");
    const claimed = await polar.customerSeats.claimSeat({ invitationToken });
    assert.equal(claimed.seat.status, "claimed");
    const owner = await session("studio-1").catch(async () => ({ customerSession: (await polar.customerSessions.create({
      customerId, memberId: (await polar.members.listMembers({ customerId, role: "owner" })).result.items[0].id })).token }));
    const two = await portal.seats.assignSeat(owner, { subscriptionId, email: "two@example.com" });
    await portal.seats.resendInvitation(owner, { seatId: two.id });
    assert.equal((await portal.seats.listSeats(owner, { subscriptionId })).seats.length, 2);
    assert.equal((await portal.seats.revokeSeat(owner, { seatId: two.id })).status, "revoked");
    await portal.seats.listClaimedSubscriptions({ customerSession: claimed.customerSessionToken }, {});
    assert.equal((await polar.customerSeats.revokeSeat({ seatId: one.id })).status, "revoked");
    const staff = signedIn(owner.customerSession).customerPortal.members;
    const member = await staff.addMember({ email: "books@example.com", name: "Books", role: "member" });
    assert.equal((await staff.updateMember({ id: member.id, customerPortalMemberUpdate: { role: "billing_manager" } })).role, "billing_manager");
    assert.ok((await everything(staff.listMembers({}))).some((m) => m.id === member.id));
    await staff.removeMember({ id: member.id });
    await assert.rejects(polar.customerSeats.assignSeat({ subscriptionId: nowhere, email: "x@example.com" }), (e) => e.statusCode === 404);
  });
});
