// What a merchant sets up: products, benefits, meters, discounts, links, fields, files, the organization.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import { HTTPValidationError } from "@polar-sh/sdk/models/errors/httpvalidationerror.js";
import { ResourceNotFound } from "@polar-sh/sdk/models/errors/resourcenotfound.js";
import { polar } from "./traced.mjs";

const nowhere = "00000000-0000-4000-8000-000000000000";
const usd = { priceCurrency: "usd" };
const total = (page) => page.result.pagination.totalCount;

describe("catalog", () => {
  const made = {};

  test("meters", async () => {
    const filter = { conjunction: "and", clauses: [{ property: "name", operator: "eq", value: "chat" }, { conjunction: "or", clauses: [{ property: "tokens", operator: "gt", value: 0 }] }] };
    const aggregations = [{ func: "count" }, ...["sum", "avg", "min", "max"].map((func) => ({ func, property: "tokens" })), { func: "unique", property: "user" }];
    for (const aggregation of aggregations) made.meter = await polar.meters.create({ name: `Tokens, ${aggregation.func}`, filter, aggregation, metadata: { kind: aggregation.func } });
    assert.equal((await polar.meters.get({ id: made.meter.id })).aggregation.func, "unique");
    assert.equal((await polar.meters.update({ id: made.meter.id, meterUpdate: { name: "Users" } })).name, "Users");
    assert.equal(total(await polar.meters.list({ metadata: { kind: "sum" } })), 1);
    const { quantities } = await polar.meters.quantities({ id: made.meter.id, startTimestamp: new Date(Date.now() - 86400e3), endTimestamp: new Date(), interval: "hour" });
    assert.ok(quantities.length >= 24);
  });

  test("files", async () => {
    const content = Buffer.from("Two hundred pages");
    const checksumSha256Base64 = createHash("sha256").update(content).digest("base64");
    const upload = { parts: [{ number: 1, chunkStart: 0, chunkEnd: content.length, checksumSha256Base64 }] };
    const file = await polar.files.create({ service: "downloadable", name: "book.txt", mimeType: "text/plain", size: content.length, checksumSha256Base64, upload });
    const [part] = file.upload.parts;
    const sent = await fetch(part.url, { method: "PUT", body: content, headers: part.headers });
    assert.equal(sent.status, 200);
    const done = await polar.files.uploaded({ id: file.id, fileUploadCompleted: {
      id: file.upload.id, path: file.upload.path, parts: [{ number: 1, checksumEtag: sent.headers.get("etag") ?? "", checksumSha256Base64 }],
    } });
    assert.equal(done.isUploaded, true);
    assert.equal((await polar.files.update({ id: file.id, filePatch: { name: "the book.txt" } })).name, "the book.txt");
    assert.equal(total(await polar.files.list({ ids: file.id })), 1);
    await polar.files.delete({ id: (await polar.files.create({ service: "downloadable", name: "draft.txt", mimeType: "text/plain", size: 1, upload: { parts: [{ number: 1, chunkStart: 0, chunkEnd: 1 }] } })).id });
    made.file = file;
  });

  test("benefits of every type", async () => {
    const types = {
      custom: { note: "Thank you" }, feature_flag: {}, downloadables: { files: made.file ? [made.file.id] : [] },
      license_keys: { prefix: "LMN", expires: { ttl: 1, timeframe: "year" }, activations: { limit: 3, enableCustomerAdmin: true }, limitUsage: 10 },
      meter_credit: { units: 500, rollover: true, meterId: made.meter.id },
      github_repository: { repositoryOwner: "lumen", repositoryName: "models", permission: "pull" },
    };
    made.benefits = [];
    for (const [type, properties] of Object.entries(types)) {
      const benefit = await polar.benefits.create({ type, description: `A ${type}`, properties, metadata: { type } });
      assert.equal(benefit.type, type);
      assert.equal((await polar.benefits.update({ id: benefit.id, requestBody: { type, description: `The ${type}` } })).description, `The ${type}`);
      assert.deepEqual((await polar.benefits.get({ id: benefit.id })).metadata, { type });
      made.benefits.push(benefit.id);
    }
    assert.equal(total(await polar.benefits.list({ typeFilter: ["downloadables", "license_keys"] })), 2);
    assert.equal(total(await polar.benefits.grants({ id: made.benefits[0] })), 0);
    await polar.benefits.delete({ id: (await polar.benefits.create({ type: "custom", description: "Gone soon", properties: {} })).id });
    await assert.rejects(polar.benefits.get({ id: nowhere }), ResourceNotFound);
  });

  test("products with every kind of price", async () => {
    const fixed = { ...usd, amountType: "fixed", priceAmount: 900 };
    const forms = [
      { recurringInterval: "month", trialInterval: "day", trialIntervalCount: 14, prices: [fixed] },
      { recurringInterval: "month", prices: [{ ...usd, amountType: "seat_based", seatTiers: { seatTierType: "graduated", tiers: [{ minSeats: 1, maxSeats: 5, pricePerSeat: 900 }, { minSeats: 6, pricePerSeat: 700 }] } }] },
      { recurringInterval: "year", prices: [fixed, { ...usd, amountType: "metered_unit", meterId: made.meter.id, unitAmount: "0.35", capAmount: 5000 }] },
      { prices: [{ ...usd, amountType: "custom", minimumAmount: 100, presetAmount: 500 }] },
      { recurringInterval: "week", prices: [{ ...usd, amountType: "free" }] },
    ];
    for (const form of forms) {
      made.product = await polar.products.create({ name: `By ${form.prices.at(-1).amountType}`, description: "A test", metadata: { made: "by sdk" }, ...form });
      assert.equal(made.product.prices.length, form.prices.length);
      assert.equal((await polar.products.get({ id: made.product.id })).name, made.product.name);
    }
    assert.equal((await polar.products.updateBenefits({ id: made.product.id, productBenefitsUpdate: { benefits: made.benefits } })).benefits.length, made.benefits.length);
    assert.equal((await polar.products.update({ id: made.product.id, productUpdate: { isArchived: true, prices: [{ id: made.product.prices[0].id }] } })).isArchived, true);
    assert.equal(total(await polar.products.list({ metadata: { made: "by sdk" }, isArchived: false, sorting: ["-name"] })), forms.length - 1);
    await assert.rejects(polar.products.create({ name: "", prices: [] }), HTTPValidationError);
  });

  test("discounts of every kind", async () => {
    const forms = [
      { type: "percentage", basisPoints: 1000, duration: "once", code: "ONCE10" },
      { type: "percentage", basisPoints: 500, duration: "repeating", durationInMonths: 3, products: [made.product.id], maxRedemptions: 9 },
      { type: "fixed", amount: 500, currency: "usd", duration: "forever", startsAt: new Date(Date.now() - 1000), endsAt: new Date(Date.now() + 1e9) },
      { type: "fixed", amounts: { usd: 300 }, duration: "repeating", durationInMonths: 2, metadata: { why: "spring" } },
    ];
    for (const form of forms) {
      const discount = await polar.discounts.create({ name: `${form.type} ${form.duration}`, ...form });
      assert.equal(discount.duration, form.duration);
      assert.equal((await polar.discounts.update({ id: discount.id, discountUpdate: { name: "Renamed" } })).name, "Renamed");
      assert.equal((await polar.discounts.get({ id: discount.id })).type, form.type);
    }
    const all = (await polar.discounts.list({ query: "Renamed" })).result.items;
    assert.equal(all.length, forms.length);
    await polar.discounts.delete({ id: all[0].id });
    await assert.rejects(polar.discounts.delete({ id: all[0].id }), ResourceNotFound);
  });

  test("checkout links", async () => {
    const link = await polar.checkoutLinks.create({ paymentProcessor: "stripe", products: [(await polar.products.list({ isArchived: false })).result.items[0].id], label: "Front page", metadata: { place: "front" } });
    assert.equal((await polar.checkoutLinks.update({ id: link.id, checkoutLinkUpdate: { label: "Back page" } })).label, "Back page");
    assert.equal((await polar.checkoutLinks.get({ id: link.id })).products.length, 1);
    assert.equal(total(await polar.checkoutLinks.list({})), 1);
    const opened = await fetch(link.url, { redirect: "manual" });
    assert.match(opened.headers.get("location") ?? "", /\/checkout\//);
    await polar.checkoutLinks.delete({ id: link.id });
  });

  test("custom fields", async () => {
    const forms = {
      text: {}, number: { ge: 1 }, date: {}, checkbox: {}, select: { options: [{ value: "s", label: "Small" }] },
    };
    for (const [type, properties] of Object.entries(forms)) {
      const field = await polar.customFields.create({ type, slug: `field-${type}`, name: `A ${type}`, properties });
      assert.equal((await polar.customFields.update({ id: field.id, customFieldUpdate: { type, name: `The ${type}` } })).name, `The ${type}`);
      assert.equal((await polar.customFields.get({ id: field.id })).type, type);
    }
    const fields = (await polar.customFields.list({})).result.items;
    assert.equal(fields.length, 5);
    const product = await polar.products.create({ name: "With a question", prices: [{ ...usd, amountType: "fixed", priceAmount: 100 }], attachedCustomFields: [{ customFieldId: fields[0].id, required: true }] });
    assert.equal(product.attachedCustomFields[0].customField.id, fields[0].id);
    await polar.customFields.delete({ id: fields[1].id });
  });

  test("the organization", async () => {
    const [organization] = (await polar.organizations.list({ slug: "lumen" })).result.items;
    assert.equal((await polar.organizations.get({ id: organization.id })).slug, "lumen");
    const settings = { ...organization.subscriptionSettings, allowMultipleSubscriptions: true };
    assert.equal((await polar.organizations.update({ id: organization.id, organizationUpdate: { name: "Lumen Labs", subscriptionSettings: settings } })).subscriptionSettings.allowMultipleSubscriptions, true);
  });
});
