// What the stories share: the twin they run on, a buyer at its hosted page, its clock, and a merchant's
// webhook endpoint. Nothing here knows the wire format: that is the clients' business.
import http from "node:http";
import { Polar } from "@polar-sh/sdk";

export const url = process.env.TWIN_URL;
export const token = process.env.TWIN_TOKEN;

// polar is Polar's SDK as a merchant configures it, pointed at the twin.
export const polar = new Polar({ accessToken: token, serverURL: url });

// signedIn is the SDK of a page that a customer is signed in to, by a session of theirs.
export const signedIn = (session) => new Polar({ accessToken: session, serverURL: url });

export const cards = { succeeds: "4242424242424242", declined: "4000000000000002", failsLater: "4000000000000341", bankAsks: "4000002500003155", refundsLate: "4000000000007726" };

// control calls the twin's own API, for what no client can bring about.
export async function control(path, body) {
  const res = await fetch(`${url}/_twin/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!res.ok) throw new Error(`/_twin/${path} ${JSON.stringify(body)}: ${res.status} ${await res.text()}`);
  return res.json();
}

// later moves the twin's clock forward by a duration in Go's notation, such as "36h".
export const later = (by) => control("clock", { by });

// pay fills in the hosted page of a checkout and sends it, as a browser would. It returns the status of the
// answer and where it sends the buyer.
export async function pay(checkoutURL, { email, card = cards.succeeds, country = "DE" } = {}) {
  const page = await fetch(checkoutURL);
  if (page.status !== 200 || !(await page.text()).includes("<form")) throw new Error(`checkout page: ${page.status}`);
  const form = new URLSearchParams({ name: "Robin Buyer", country, card, do: "pay" });
  if (email) form.set("email", email);
  const res = await fetch(checkoutURL, { method: "POST", body: form, redirect: "manual" });
  return { status: res.status, location: res.headers.get("location"), page: await res.text() };
}

// letter is the text of the newest mail that the twin sent to an address.
export async function letter(address) {
  const { items } = await (await fetch(`${url}/_twin/mail.json?to=${encodeURIComponent(address)}`)).json();
  if (items.length === 0) throw new Error(`no mail to ${address}`);
  return items[0].text;
}

// everything is the list of a paginated answer of the SDK, all pages.
export async function everything(pages) {
  const all = [];
  for await (const page of await pages) all.push(...page.result.items);
  return all;
}

// seeded finds what the demo's shop sells, by the slug in its metadata.
export async function seeded(slug) {
  const found = (await everything(polar.products.list({}))).find((p) => p.metadata.slug === slug);
  if (!found) throw new Error(`no product ${slug}`);
  return found;
}

// patience is how long what must come is waited for, in milliseconds.
export const patience = 120_000;

// Receiver is a webhook endpoint on loopback that keeps every call as it came.
export class Receiver {
  calls = [];
  #waiting = new Set();

  // listen starts a receiver; answer gives the status of the n-th call.
  static async listen(answer = () => 202) {
    const receiver = new Receiver();
    receiver.server = http.createServer(async (req, res) => {
      const chunks = [];
      for await (const chunk of req) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString("utf8");
      receiver.calls.push({ headers: req.headers, body, type: JSON.parse(body).type });
      res.writeHead(answer(receiver.calls.length)).end();
      for (const look of receiver.#waiting) look();
    });
    await new Promise((done) => receiver.server.listen(0, "127.0.0.1", done));
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}/hooks`;
    return receiver;
  }

  // until waits until the calls so far satisfy done.
  until(done, what = "webhooks") {
    return new Promise((resolve, reject) => {
      const settle = (finish, value) => {
        clearTimeout(limit);
        this.#waiting.delete(look);
        finish(value);
      };
      const look = () => done(this.calls) && settle(resolve, this.calls);
      const limit = setTimeout(() => settle(reject, new Error(`no ${what} came, only ${this.types().join(" ")}`)), patience);
      this.#waiting.add(look);
      look();
    });
  }

  // heard waits for one of each of the types.
  heard(...types) {
    return this.until((calls) => types.every((t) => calls.some((c) => c.type === t)), types.join(", "));
  }

  types() {
    return [...new Set(this.calls.map((c) => c.type))];
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
