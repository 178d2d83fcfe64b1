import { describe, expect, it } from "vitest";
import { checkRecord } from "../../../stacks/catalog/check.ts";
import { formatProblem } from "../../../stacks/errors.ts";
import { complaints } from "../../fixtures/problems.ts";
import { listensOn, type RecordFields, record } from "../../fixtures/records.ts";

/** What is said of a record with a widget, without its place. */
function said(fields: RecordFields): string[] {
  return checkRecord(record(fields)).map(({ message }) => message);
}

const sonarr: RecordFields = {
  ports: listensOn(8989),
  route: { subdomain: "tv", port: 8989, access: "admin" },
  secrets: [{ name: "api-key", generate: "hex" }],
  widget: { type: "sonarr", secrets: { key: "api-key" } },
};

describe("a widget", () => {
  it("is right as the catalogue's are", () => {
    expect(said(sonarr)).toEqual([]);
  });

  it("is of a type that Homepage has", () => {
    const text = "name: alpha\nwidget: {type: sonar}\n";
    expect(complaints(() => record(text))).toContain(
      'catalog/record.yaml:2:10: widget.type is "sonar", did you mean "sonarr"?',
    );
  });

  it("has secrets that its record has, each with its place", () => {
    const entry = record({ ...sonarr, widget: { type: "sonarr", secrets: { key: "api-kye" } } });
    const [problem] = checkRecord(entry);
    expect(problem && formatProblem(problem)).toMatch(
      /^catalog\/alpha\.yaml:\d+:\d+: the widget's key is the secret "api-kye", which the record does not have, did you mean "api-key"\?$/,
    );
  });

  it("has no secret that may be left out for another reason than the config", () => {
    const secrets = [{ name: "api-key", from: "beta/key", optional: true }];
    expect(said({ ...sonarr, secrets })).toEqual([
      'the widget\'s key is the secret "api-key", which may be left out; name one that is generated or from the config',
    ]);
    expect(said({ ...sonarr, secrets: [{ name: "api-key", config: "key", optional: true }] })).toEqual([]);
  });

  it("calls a port of its service", () => {
    const { route: _, ...without } = sonarr;
    expect(said(without)).toEqual(["the widget needs a port, because the record has no route"]);
    expect(said({ ...without, widget: { type: "sonarr", port: 1 } })).toEqual([
      "the widget's is port 1, which is not among the record's TCP ports (8989)",
    ]);
    expect(said({ ...without, widget: { type: "sonarr", port: 8989 } })).toEqual([]);
  });

  it("says no option twice, and none that is said otherwise", () => {
    const widget = { type: "sonarr", secrets: { key: "api-key" }, options: { key: "x" } } as const;
    expect(said({ ...sonarr, widget })).toEqual(["the widget's key is said in options, too"]);
    const complaint = complaints(() =>
      record({ ...sonarr, widget: { type: "sonarr", options: { url: "x" } } }),
    );
    expect(complaint).toEqual([
      expect.stringContaining("use the option's name in Homepage; type, url and fields are said otherwise"),
    ]);
  });
});
