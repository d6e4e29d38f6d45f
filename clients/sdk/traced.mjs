// Which operations Polar's SDK has, and which of them were called with success: the resource list of the SDK
// itself is walked, so that a new version of it shows what is not proven yet.
import { polar as untraced, signedIn as untracedFor } from "../twin.mjs";

// called holds the names of operations that answered, such as "customers.list".
export const called = new Set();

// polar is the merchant's SDK, and signedIn the SDK of a customer's session, both watched.
export const polar = traced(untraced, "");
export const signedIn = (token) => traced(untracedFor(token), "");

// members are the resources and operations of one object of the SDK.
function* members(object) {
  for (const [name, { get, value }] of Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(object)))) {
    if (name === "constructor" || name.startsWith("_")) continue;
    if (get) yield { name, resource: true };
    else if (typeof value === "function") yield { name, resource: false };
  }
}

// operations lists every operation of the SDK. validateWebhook is no call: see events.test.mjs.
export function operations(object = untraced, path = "") {
  const found = [];
  for (const { name, resource } of members(object)) {
    if (resource) found.push(...operations(object[name], `${path}${name}.`));
    else if (name !== "validateWebhook") found.push(path + name);
  }
  return found;
}

// traced is the object with its operations noted when they succeed.
function traced(object, path) {
  const known = new Map([...members(object)].map((m) => [m.name, m]));
  return new Proxy(object, {
    get(target, key) {
      const value = target[key];
      const member = known.get(key);
      if (!member) return value;
      if (member.resource) return traced(value, `${path}${key}.`);
      return async (...args) => {
        const answer = await value.apply(target, args);
        called.add(path + key);
        return answer;
      };
    },
  });
}
