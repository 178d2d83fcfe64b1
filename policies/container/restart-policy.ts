import type { ContainerPolicy } from "../lib/policy";
import { listSetting } from "../lib/setting";
import { cis } from "../lib/sources";

export const restartPolicy: ContainerPolicy = {
  kind: "container",
  name: "restart-policy",
  title: "A service restarts, and no faster than Docker's backoff",
  level: "mandatory",
  severity: "medium",
  source: cis("5.15"),
  reason:
    "Without a policy a crash is the end; `always` also starts what a person has stopped, and on-failure without a count never gives up",
  fix: "set restart to unless-stopped, or on-failure with maxRetryCount",
  reads: ["restart", "maxRetryCount"],
  settings: { always: listSetting("Services that may restart always.", []) },
  check(container, context) {
    if (container.oneShot) return [];
    const { restart = "", maxRetryCount = 0 } = container.inputs;
    if (restart === "" || restart === "no") return ["it has no restart policy"];
    if (restart === "always" && !context.list("always").includes(container.service))
      return ["it restarts always"];
    return restart === "on-failure" && maxRetryCount < 1 ? ["it restarts on failure without an end"] : [];
  },
};
