import { isReason } from "../lib/declarations";
import type { StackPolicy } from "../lib/policy";
import { owasp } from "../lib/sources";

export const routeAccess: StackPolicy = {
  kind: "stack",
  name: "route-access",
  field: "route",
  title: "A web route has single sign-on, or a reason for none",
  level: "mandatory",
  severity: "critical",
  source: owasp("rule 5a, be mindful of inter-container connectivity"),
  reason: "Without it the application's own sign-in is all that stands before it",
  fix: "set route.access to user or admin, or give the reason for public access and for each bypass",
  reads: ["labels"],
  check: ({ services }) =>
    services.flatMap((subject) => {
      const { route } = subject;
      if (!route) return [];
      const guarded = ["user", "admin"].includes(route.access);
      const declared = route.access === "public" && isReason(route.reason);
      const bypasses = (route.bypass ?? []).filter(({ reason }) => !isReason(reason));
      return [
        ...(guarded || declared
          ? []
          : [
              { subject, problem: `its route ${route.subdomain} has access "${route.access}" and no reason` },
            ]),
        ...bypasses.map(({ path }) => ({
          subject,
          problem: `its route ${route.subdomain} lets ${path} past the sign-in without a reason`,
        })),
      ];
    }),
};
