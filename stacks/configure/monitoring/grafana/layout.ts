import type { Draft } from "./draft.ts";
import type { Dashboard, Element, Panel } from "./model.ts";

/** Panels under a heading. A closed section queries nothing until someone opens it. */
export interface Section {
  title: string;
  closed?: boolean;
  panels: readonly Draft[];
}

/** A dashboard before it is laid out. */
export interface Outline {
  /** Part of its address, and of its file's name: never changes. */
  uid: string;
  title: string;
  description: string;
  sections: readonly Section[];
}

/** Columns of Grafana's grid. */
const columns = 24;

/** Version of the dashboard schema that these objects are written in, that of Grafana's foundation SDK 0.0.21. */
const schemaVersion = 42;

/** A dashboard with every panel at its place, left to right and top to bottom. Sections without panels are left out. */
export function dashboardOf({ uid, title, description, sections }: Outline): Dashboard {
  const panels: Element[] = [];
  let id = 0;
  let top = 0;
  for (const section of sections) {
    if (section.panels.length === 0) continue;
    id += 1;
    const rowId = id;
    const placed = place(section.panels, top + 1).map((panel): Panel => {
      id += 1;
      return { id, ...panel };
    });
    const closed = section.closed ?? false;
    panels.push(
      {
        id: rowId,
        type: "row",
        title: section.title,
        collapsed: closed,
        gridPos: { x: 0, y: top, w: columns, h: 1 },
        panels: closed ? placed : [],
      },
      ...(closed ? [] : placed),
    );
    top = closed ? top + 1 : Math.max(...placed.map(({ gridPos }) => (gridPos ? gridPos.y + gridPos.h : 0)));
  }
  return {
    uid,
    title,
    description,
    tags: ["ums"],
    schemaVersion,
    editable: false,
    graphTooltip: 1,
    timezone: "browser",
    time: { from: "now-6h", to: "now" },
    refresh: "1m",
    links: [
      {
        title: "Dashboards",
        type: "dashboards",
        icon: "external link",
        tooltip: "",
        tags: ["ums"],
        asDropdown: true,
        targetBlank: false,
        includeVars: false,
        keepTime: true,
      },
    ],
    annotations: { list: [] },
    templating: { list: [] },
    panels,
  };
}

function place(drafts: readonly Draft[], from: number): Omit<Panel, "id">[] {
  let x = 0;
  let y = from;
  let tallest = 0;
  return drafts.map(({ panel, width, height }) => {
    if (x + width > columns) {
      x = 0;
      y += tallest;
      tallest = 0;
    }
    const gridPos = { x, y, w: width, h: height };
    x += width;
    tallest = Math.max(tallest, height);
    return { ...panel, gridPos };
  });
}
