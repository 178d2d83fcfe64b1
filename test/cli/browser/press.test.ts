import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import { listed, underCursor } from "../../../cli/browser/model.ts";
import { screen } from "../../../cli/browser/view.ts";
import { linkTo, listensOn } from "../../fixtures/records.ts";
import { keys, pressing, shelf } from "./shelf.ts";

const at = (pressed: string[], on = shelf()) => underCursor(on, pressing(on, keys(...pressed)))?.name;

describe("the cursor", () => {
  it("goes through the services by category, and stays inside the list", () => {
    expect(at([])).toBe("door");
    expect(at(["up"])).toBe("door");
    expect(at(["down"])).toBe("films");
    expect(at(["j", "j", "k"])).toBe("films");
    expect(at(["end", "down"])).toBe("unpinned");
    expect(at(["end", "home"])).toBe("door");
    expect(at(["pagedown", "pageup"])).toBe("door");
  });

  it("jumps between categories", () => {
    expect(at(["right"])).toBe("films");
    expect(at(["right", "right"])).toBe("oldwishes");
    expect(at(["end", "right"])).toBe("unpinned");
    expect(at(["right", "right", "left"])).toBe("films");
    expect(at(["left"])).toBe("door");
  });
});

describe("space", () => {
  it("chooses a service, with what it requires, and takes it back", () => {
    const on = shelf();
    const chosen = pressing(on, keys("down", "space"));
    expect([...chosen.present.keys()]).toEqual(["door", "films", "indexer"]);
    const back = pressing(on, keys("space"), chosen);
    expect([...back.present.keys()]).toEqual(["door"]);
  });

  it("asks before others go along", () => {
    const on = shelf(["door", "films"]);
    const asked = pressing(on, keys("down", "down", "space"));
    expect(asked.question?.text).toBe("films cannot do without indexer. Take it out, too?");
    expect([...asked.present.keys()]).toContain("films");
    expect([...pressing(on, keys("n"), asked).present.keys()]).toContain("films");
    expect(pressing(on, keys("x"), asked).question).toEqual(asked.question);
    expect([...pressing(on, keys("y"), asked).present.keys()]).toEqual(["door"]);
  });

  it("asks which of two that cannot run together is to stay", () => {
    const on = shelf(["oldwishes"]);
    const asked = pressing(on, keys("/wishes", "return", "down", "space"));
    expect(asked.question?.text).toBe(
      "wishes cannot run with oldwishes: both answer under one address. Take it out?",
    );
    expect([...pressing(on, keys("y"), asked).named]).toEqual(["wishes"]);
  });

  it("keeps what measures a service of the stack, and says how to leave it out", () => {
    const on = shelf(
      ["films", "collector"],
      {},
      {
        collector: { category: "monitoring", roles: ["metrics"] },
        gauge: {
          category: "monitoring",
          ports: listensOn(9100),
          metrics: { port: 9100 },
          measures: "films",
          links: [linkTo("films", 7878)],
        },
      },
    );
    const state = pressing(on, keys("/gauge", "return", "space"));
    expect([...state.present.keys()]).toContain("gauge");
    expect(state.message).toBe("gauge stays: it measures films; npx ums disable gauge leaves it out");
    expect(screen(on, state, { columns: 80, rows: 24 }, createColors(false)).join("\n")).toContain(
      "in the stack: because it measures films",
    );
  });

  it("leaves out what a stack with real images cannot have, and says why", () => {
    const state = pressing(shelf(), keys("end", "space"));
    expect(state.message).toMatch(/^unpinned: its image has no digest/);
    expect([...state.named]).toEqual(["door"]);
  });
});

describe("search and filter", () => {
  const names = (pressed: string[], on = shelf()) =>
    listed(on, pressing(on, keys(...pressed))).map(({ name }) => name);

  it("leaves what has every word in its name, title, category or description", () => {
    expect(names(["/content finds"])).toEqual(["films"]);
    expect(names(["/wish", "backspace", "backspace", "backspace"])).toEqual(["door", "oldwishes", "wishes"]);
    expect(names(["/wish", "escape"])).toHaveLength(6);
    expect(names(["/nothing"])).toEqual([]);
  });

  it("types letters that are commands elsewhere", () => {
    expect(pressing(shelf(), keys("/quf")).search).toBe("quf");
  });

  it("keeps the search after enter, and space chooses from it", () => {
    const on = shelf();
    expect([...pressing(on, keys("/finds", "return", "space")).named]).toEqual(["door", "films"]);
  });

  it("does nothing to a list with nothing in it", () => {
    const on = shelf();
    expect([...pressing(on, keys("/zzz", "return", "space", "down")).named]).toEqual(["door"]);
  });

  it("shows what is in, what is not, and what is changed", () => {
    expect(names(["f"])).toEqual(["door"]);
    expect(names(["f", "f"])).not.toContain("door");
    expect(names(["down", "space", "f", "f", "f"])).toEqual(["films", "indexer"]);
    expect(names(["f", "f", "f", "f"])).toHaveLength(6);
  });
});

describe("the end", () => {
  it("is a plan once something is changed", () => {
    const on = shelf();
    expect(pressing(on, keys("return"))).toMatchObject({
      message: expect.stringMatching(/^nothing is changed/),
    });
    expect(pressing(on, keys("down", "space", "return")).end).toBe("plan");
    expect(pressing(on, keys("space", "return")).message).toBe("a stack needs at least one service");
  });

  it("asks before changes are forgotten", () => {
    const on = shelf();
    expect(pressing(on, keys("q")).end).toBe("quit");
    const asked = pressing(on, keys("down", "space", "q"));
    expect(asked.end).toBeUndefined();
    expect(pressing(on, keys("y"), asked).end).toBe("quit");
    expect(pressing(on, keys("n"), asked)).toMatchObject({ named: new Set(["door", "films"]) });
  });

  it("comes at once by Ctrl-C, whatever is open", () => {
    for (const before of [[], ["/"], ["down", "space", "q"]])
      expect(pressing(shelf(), keys(...before, "^C")).end).toBe("interrupted");
  });

  it("takes back everything by u", () => {
    const on = shelf(["door", "films"]);
    const undone = pressing(on, keys("right", "space", "end", "u"));
    expect(undone.named).toEqual(on.chooser.before);
  });
});
