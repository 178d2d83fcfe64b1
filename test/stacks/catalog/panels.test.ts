import { describe, expect, it } from "vitest";
import { platform } from "../../fixtures/platforms.ts";
import { complaints } from "../../fixtures/problems.ts";
import { linkTo, listensOn, type RecordFields, record } from "../../fixtures/records.ts";
import { filesOf } from "../configure/fixtures.ts";

type PanelFields = NonNullable<RecordFields["panels"]>[number];

const lines: PanelFields = {
  dashboard: "performance",
  section: "Things",
  title: "How many",
  shows: "lines",
  queries: [{ expr: "things" }],
};

const faults = (panel: PanelFields) => complaints(() => record({ panels: [panel] }));

describe("a panel of a record", () => {
  it("is right as the catalogue's are", () => {
    expect(faults(lines)).toEqual([]);
    expect(faults({ ...lines, shows: "table", columns: { name: "Name" } })).toEqual([]);
  });

  it.each([
    [{ ...lines, warn: 1 }, "say both warn and bad, or neither"],
    [{ ...lines, shows: "table" }, "a table has columns, and nothing else has"],
    [{ ...lines, columns: { name: "Name" } }, "a table has columns, and nothing else has"],
    [
      { ...lines, shows: "logs", queries: [{ expr: "{}" }, { expr: "{}" }] },
      "a table and logs have one query",
    ],
    [{ ...lines, unit: "bytes per second" }, "write the identifier of one of Grafana's units, as bytes or s"],
    [{ ...lines, dashboard: "perfomance" as "performance" }, 'is "perfomance", did you mean "performance"?'],
  ] satisfies [PanelFields, string][])("is refused where it makes no sense: %#", (panel, message) => {
    const [complaint] = faults(panel);
    expect(complaint).toMatch(/^catalog\/alpha\.yaml:\d+:\d+: panels\[0\]/);
    expect(complaint).toContain(message);
  });

  const measured = (panel: PanelFields): RecordFields => ({
    ports: listensOn(9100),
    metrics: { port: 9100 },
    panels: [panel],
  });
  const stack = (panel: PanelFields) =>
    platform({
      grafana: { configure: "grafana", links: [linkTo("prometheus", 9090)] },
      prometheus: { configure: "prometheus", roles: ["metrics"], ports: listensOn(9090) },
      one: measured(lines),
      two: measured(panel),
    });

  it("asks once what those it is one panel with ask, too", () => {
    const asked = (panel: PanelFields) =>
      [...filesOf(stack(panel), "grafana").values()].flatMap(
        (text) => text.match(/"expr": *"\w*thing\w*"/g) ?? [],
      );
    expect(asked({ ...lines, queries: [{ expr: "things" }, { expr: "nothing" }] })).toHaveLength(2);
    expect(asked({ ...lines, queries: [{ expr: "things", legend: "other" }] })).toHaveLength(2);
  });

  it("has the form of those it is one panel with", () => {
    expect(complaints(() => stack({ ...lines, queries: [{ expr: "more" }] }))).toEqual([]);
    expect(complaints(() => stack({ ...lines, unit: "s" }))).toEqual([
      expect.stringMatching(
        /^catalog\/two\.yaml:\d+:\d+: panels\[0\]: one has a panel "How many" under "Things", too, and in another form; choose another title$/,
      ),
    ]);
  });
});
