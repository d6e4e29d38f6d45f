// The operations of Polar's SDK that the twin does without: a merchant's dashboard has them, a portal never
// meets them. Whoever serves one takes it off the list; sdk.test.mjs then wants it called.
export const unserved = [
  "organizations.create", // a twin is one organization
  "metrics.export", "metrics.listDashboards", "metrics.createDashboard", "metrics.getDashboard", "metrics.deleteDashboard", "metrics.updateDashboard",
  // its tokens are fixed, and nobody signs in to it as to a platform
  "organizationAccessTokens.list", "organizationAccessTokens.create", "organizationAccessTokens.delete", "organizationAccessTokens.update",
  "oauth2.clients.create", "oauth2.clients.get", "oauth2.clients.update", "oauth2.clients.delete",
  "oauth2.authorize", "oauth2.token", "oauth2.revoke", "oauth2.introspect", "oauth2.userinfo",
];

// needs says, as an option of a test, that it can only be played when the twin serves the operations.
export function needs(...operations) {
  const missing = operations.filter((name) => unserved.includes(name));
  return missing.length > 0 ? { skip: `the twin does not serve ${missing.join(", ")}` } : {};
}
