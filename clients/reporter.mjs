// A reporter for node --test that writes one line of JSON for each test that ended, for clients_test.go.
// A test with tests inside is told only when it fails itself.
export default async function* (events) {
  const names = [];
  const parents = new Set();
  for await (const { type, data } of events) {
    if (type === "test:start") {
      names.length = data.nesting;
      names[data.nesting] = data.name;
      parents.add(names.slice(0, -1).join("/"));
    } else if (type === "test:diagnostic" && data.nesting === 0 && !/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(data.message)) {
      yield `${data.message}\n`;
    } else if (type === "test:pass" || type === "test:fail") {
      const name = [...names.slice(0, data.nesting), data.name].join("/");
      const error = data.details?.error;
      const onlyInside = error?.failureType === "subtestsFailed";
      if (onlyInside || (type === "test:pass" && parents.has(name))) continue;
      const result = data.skip !== undefined ? "skip" : type === "test:pass" ? "pass" : "fail";
      const detail = result === "skip" ? String(data.skip) : story(error);
      yield `${JSON.stringify({ name, result, detail })}\n`;
    }
  }
}

// story is what went wrong, with the error that the runner wrapped.
function story(error) {
  if (!error) return "";
  const cause = error.cause ?? error;
  return [cause.stack ?? String(cause), cause.pretty?.(), cause.rawMessage, cause.body$ ?? cause.body].filter(Boolean).map(String).join("\n").slice(0, 6000);
}
