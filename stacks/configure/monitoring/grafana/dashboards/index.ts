import type { DashboardName } from "../../../../catalog/panels.ts";
import type { Service } from "../../../../platform.ts";
import type { ConfigureContext } from "../../../context.ts";
import { dashboardOf, type Outline } from "../layout.ts";
import type { Dashboard } from "../model.ts";
import { type View, viewOf } from "../view.ts";
import { errorAnalysis } from "./errorAnalysis.ts";
import { mediaAnalytics } from "./mediaAnalytics.ts";
import { performance } from "./performance.ts";
import { withRecordPanels } from "./recordPanels.ts";
import { resourceUsage } from "./resourceUsage.ts";
import { securityEvents } from "./securityEvents.ts";
import { serviceHealth } from "./serviceHealth.ts";
import { systemOverview } from "./systemOverview.ts";

const outlines: Readonly<Record<DashboardName, (view: View) => Omit<Outline, "uid">>> = {
  "system-overview": systemOverview,
  "service-health": serviceHealth,
  performance,
  "error-analysis": errorAnalysis,
  "resource-usage": resourceUsage,
  "media-analytics": mediaAnalytics,
  "security-events": securityEvents,
};

/** The dashboards of a stack: what every stack has, then the panels of its records. One without panels is left out. */
export function dashboardsOf(grafana: Service, context: ConfigureContext): Dashboard[] {
  const view = viewOf(grafana, context);
  return Object.entries(outlines)
    .map(([uid, outline]) => ({ uid, ...outline(view) }))
    .map((outline) => dashboardOf(withRecordPanels(outline, view, context)))
    .filter(({ panels }) => panels.length > 0);
}
