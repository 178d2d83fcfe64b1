import { PolicyPack } from "@pulumi/policy";
import { crossGuard } from "./lib/crossguard";
import { policies } from "./pack";

// The one place that makes a pack: its constructor starts a server.
new PolicyPack("ultimate-media-server", { policies: crossGuard(policies) });
