// A merchant's own site: a real Better Auth server in this process with Polar's plugin as its manual shows it,
// and a browser that keeps its cookies. Only the SDK's address and a loopback port are ours.
import http from "node:http";
import { checkout, polar as polarPlugin, portal, usage, webhooks } from "@polar-sh/better-auth";
import { polarClient } from "@polar-sh/better-auth/client";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { createAuthClient } from "better-auth/client";
import { toNodeHandler } from "better-auth/node";
import { polar } from "./twin.mjs";

// handlers are all options of the plugin's webhooks that name an event.
export const handlers = {
  onCheckoutCreated: "checkout.created", onCheckoutUpdated: "checkout.updated",
  onOrderCreated: "order.created", onOrderUpdated: "order.updated", onOrderPaid: "order.paid", onOrderRefunded: "order.refunded",
  onRefundCreated: "refund.created", onRefundUpdated: "refund.updated",
  onSubscriptionCreated: "subscription.created", onSubscriptionUpdated: "subscription.updated",
  onSubscriptionActive: "subscription.active", onSubscriptionCanceled: "subscription.canceled",
  onSubscriptionUncanceled: "subscription.uncanceled", onSubscriptionRevoked: "subscription.revoked",
  onProductCreated: "product.created", onProductUpdated: "product.updated", onOrganizationUpdated: "organization.updated",
  onBenefitCreated: "benefit.created", onBenefitUpdated: "benefit.updated",
  onBenefitGrantCreated: "benefit_grant.created", onBenefitGrantUpdated: "benefit_grant.updated", onBenefitGrantRevoked: "benefit_grant.revoked",
  onCustomerCreated: "customer.created", onCustomerUpdated: "customer.updated", onCustomerDeleted: "customer.deleted",
  onCustomerStateChanged: "customer.state_changed",
};

// open starts the site. products are the plugin's slugs; events are the types its webhook endpoint asks for.
export async function open({ products, events }) {
  const site = { handled: {}, seen: [], answers: [] };
  let answer;
  site.server = http.createServer((req, res) => {
    if (req.url.startsWith("/api/auth/polar/webhooks")) res.on("finish", () => site.answers.push(res.statusCode));
    answer(req, res);
  });
  await new Promise((done) => site.server.listen(0, "127.0.0.1", done));
  site.url = `http://127.0.0.1:${site.server.address().port}`;
  site.endpoint = await polar.webhooks.createWebhookEndpoint({ url: `${site.url}/api/auth/polar/webhooks`, format: "raw", events });
  const on = Object.fromEntries(Object.keys(handlers).map((name) => [name, async (event) => {
    (site.handled[name] ??= []).push(event);
  }]));
  site.auth = betterAuth({
    baseURL: site.url, secret: "a secret of thirty-two characters", telemetry: { enabled: false },
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    emailAndPassword: { enabled: true }, user: { deleteUser: { enabled: true } },
    plugins: [polarPlugin({
      client: polar, createCustomerOnSignUp: true, getCustomerCreateParams: async () => ({ metadata: { from: "sign-up" } }),
      use: [
        checkout({ products, successUrl: "/success?checkout_id={CHECKOUT_ID}", authenticatedUsersOnly: true, theme: "dark" }),
        portal({ returnUrl: `${site.url}/account` }),
        usage(),
        webhooks({ secret: site.endpoint.secret, onPayload: async (event) => { site.seen.push(event); }, ...on }),
      ],
    })],
  });
  answer = toNodeHandler(site.auth);
  site.close = () => {
    site.server.closeAllConnections();
    site.server.close();
  };
  return site;
}

// browser is a visitor: Better Auth's client with the plugin's, on a fetch that keeps cookies and names its
// origin as browsers do.
export function browser(site) {
  const jar = new Map();
  const remembering = async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set("origin", site.url);
    if (jar.size) headers.set("cookie", cookies(jar));
    const res = await fetch(input, { ...init, headers });
    for (const line of res.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/max-age=0/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return res;
  };
  const client = createAuthClient({ baseURL: site.url, plugins: [polarClient()], fetchOptions: { customFetchImpl: remembering } });
  // headers are what a page of the same site gets from this visitor, for calls of the server's own API.
  return { client, headers: () => new Headers({ cookie: cookies(jar), origin: site.url }) };
}

const cookies = (jar) => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
